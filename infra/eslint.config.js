import root from '../eslint.config.js';

/** The rules of the project; types come from this package's own tsconfig. */
export default [
  { ignores: ['cdk.out/'] },
  ...root,
];
