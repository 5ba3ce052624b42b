/** Land of the map, cut out of the atlas by `build/land.ts`. */
declare module 'virtual:land' {
  const layers: import('./map/land.ts').EncodedLayer[];
  export default layers;
}
