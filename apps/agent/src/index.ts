export { type AgentOptions, type RunningAgent, startAgent } from "./agent.ts";
export { type JoinOptions, joinServer } from "./link/join.ts";
