const KEY = "thymus-token";

/** The token from the address, kept for this tab; it leaves the address bar and the history at once. */
export function takeToken() {
  const parts = location.hash.slice(1).split("&");
  const given = parts.find((part) => part.startsWith("token="));
  if (given) {
    sessionStorage.setItem(KEY, decodeURIComponent(given.slice("token=".length)));
    const rest = parts.filter((part) => part !== given).join("&");
    history.replaceState(null, "", location.pathname + (rest ? `#${rest}` : ""));
  }
  return sessionStorage.getItem(KEY);
}

export const keepToken = (token) => sessionStorage.setItem(KEY, token);
export const forgetToken = () => sessionStorage.removeItem(KEY);

export class ApiError extends Error {
  constructor({ code, message, hint }) {
    super(`${message}; ${hint}`);
    this.code = code;
  }
}

function headers(more) {
  return { authorization: `Bearer ${sessionStorage.getItem(KEY) ?? ""}`, ...more };
}

/** One call of /api/v1. */
export async function call(path, { method = "GET", body } = {}) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const response = await fetch(`api/v1/${path}`, { method, headers: headers(type), ...sent });
  const answer = await response.json();
  if (!response.ok) throw new ApiError(answer.error);
  return answer;
}

/**
 * Listens to /api/v1/events for ever, and comes back after a loss. EventSource cannot send the bearer token.
 * @param on.event called with each event's data, `on.state` with "live" or "lost"
 */
export async function listen(on) {
  for (let pause = 500; ; pause = Math.min(pause * 2, 10_000)) {
    try {
      const response = await fetch("api/v1/events", { headers: headers({ accept: "text/event-stream" }) });
      if (response.status === 401) return on.state("denied");
      if (!response.ok) throw new Error(`status ${response.status}`);
      on.state("live");
      pause = 500;
      await readEvents(response.body, on.event);
    } catch {
      // The next round tries again.
    }
    on.state("lost");
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

async function readEvents(stream, tell) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const data = block
        .split("\n")
        .filter((line) => line.startsWith("data: "))
        .map((line) => line.slice("data: ".length))
        .join("\n");
      if (data) tell(JSON.parse(data));
    }
  }
}
