export { type AdminOptions, type AdminServer, startAdmin } from "./start.ts";
