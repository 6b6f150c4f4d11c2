export { default, type Static, type TObject, type TSchema } from 'typebox';
export { Compile } from 'typebox/compile';
