/**
 * The answering process: the part of the agent that other processes wait for. It holds the fanotify groups and one socket to
 * the agent, reads no file's content, opens no database and no connection, and starts nothing. One loop, no event loop:
 * whatever stops it stops the winding of the dead man's timer too, and the kernel ends it and lets everybody through.
 */
import { setPriority } from "node:os";
import { Answerer } from "./answerer.ts";
import { bind } from "./library.ts";

/** Current pages stay in memory, later ones once they were touched. */
const LOCK = 1 | 2 | 4;

setPriority(-15);
bind("int mlockall(int flags)")(LOCK);
new Answerer().run();
