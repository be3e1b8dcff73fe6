export { blanksEnd, type Language, nameEnd, numberEnd, numberValue, readText } from "./words.ts";
