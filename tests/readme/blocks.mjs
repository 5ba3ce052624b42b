// Finds the fenced code blocks of a Markdown text.

/**
 * All fenced blocks: language (the first word after the fence), the further words, the text and its first line's number.
 *
 * @param {string} markdown
 * @returns {{ language: string, flags: string[], code: string, line: number }[]}
 */
export function blocks(markdown) {
  const found = [];
  let open;
  markdown.split(/\r?\n/).forEach((text, index) => {
    const fence = /^(`{3,}|~{3,})\s*(.*)$/.exec(text);
    if (open) {
      if (fence && fence[1].startsWith(open.fence) && fence[2] === "") {
        found.push({ language: open.language, flags: open.flags, code: open.lines.join("\n"), line: open.line });
        open = undefined;
      } else {
        open.lines.push(text);
      }
    } else if (fence) {
      const [language = "", ...flags] = fence[2].trim().split(/[\s,]+/);
      open = { fence: fence[1], language, flags, lines: [], line: index + 2 };
    }
  });
  if (open) throw new Error(`the code block before line ${open.line} is not closed`);
  return found;
}
