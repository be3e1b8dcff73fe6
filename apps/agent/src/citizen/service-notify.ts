import { sendDatagram } from "./notify-socket.ts";

/** What a service tells the manager that started it. */
export interface ServiceManager {
  /** It does its work now. */
  ready(status: string): void;
  /** One line for `systemctl status`. */
  status(text: string): void;
  /** It is about to end; how long that takes is no fault. */
  stopping(): void;
}

const silent: ServiceManager = { ready: () => {}, status: () => {}, stopping: () => {} };

/**
 * The service manager of this process by the protocol of sd_notify(3); one that hears nothing where there is none. A
 * watchdog is answered three times as often as it asks for, by the event loop itself: where that is wedged nothing
 * goes out, and the manager starts the service anew. Takes the variables away, so that no child answers for this process.
 * @param send replaces the socket in a test
 */
export function serviceManager(
  env: NodeJS.ProcessEnv = process.env,
  pid = process.pid,
  send = sendDatagram,
): ServiceManager {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: period, WATCHDOG_PID: watched } = env;
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete env[name];
  if (!socket || !/^[/@]/.test(socket)) return silent;
  let pings: NodeJS.Timeout | null = null;
  let said = "";
  const tell = (...lines: string[]) => {
    try {
      send(socket, lines.join("\n"));
    } catch {
      // A manager that is being restarted itself; the next ping finds it.
    }
  };
  const oneLine = (text: string) => `STATUS=${text.replace(/\s+/g, " ").slice(0, 400)}`;
  const microseconds = watched === undefined || Number(watched) === pid ? Number(period) : Number.NaN;
  return {
    ready(status) {
      said = oneLine(status);
      tell("READY=1", `MAINPID=${pid}`, said);
      if (!(microseconds > 0)) return;
      pings ??= setInterval(() => tell("WATCHDOG=1"), Math.max(10, microseconds / 3000));
      pings.unref();
    },
    status(text) {
      if (said === oneLine(text)) return;
      said = oneLine(text);
      tell(said);
    },
    stopping() {
      // The pings go on: how long an orderly end may take is the manager's to bound, not the watchdog's.
      tell("STOPPING=1");
    },
  };
}
