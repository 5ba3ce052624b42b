// What a list of measurements says.

/** The value below which `share` (0 to 1) of the values lie. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

export const median = (values) => quantile(values, 0.5);

/** Median and the quartiles around it, the spread that the report shows. */
export function summary(values) {
  return { median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75), rounds: values.length };
}

/**
 * How many times `other` the subject is. The medians of the pairs of one round, because a slow moment of the machine
 * hits both.
 */
export function ratio(subject, other) {
  return summary(subject.map((value, round) => value / other[round]));
}

/** What the subject costs more than `other`, by the pairs of one round. */
export function difference(subject, other) {
  return summary(subject.map((value, round) => value - other[round]));
}
