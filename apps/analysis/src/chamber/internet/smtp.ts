/** A mail server that takes everything (RFC 5321, RFC 4954). Pure: lines in, answers out. */

const MAX_LINE = 64 * 1024;

export class SmtpSession {
  #rest = "";
  #mode: "command" | "data" | "user" | "password" | "plain" = "command";
  #from = "";
  #to: string[] = [];
  #user = "";
  /** What happened in one line, for the record. */
  readonly notes: string[] = [];
  /** It has been told good bye. */
  ended = false;

  static readonly greeting = "220 mail ESMTP Postfix\r\n";

  /** What to answer to these bytes. */
  push(bytes: Buffer): string {
    let answer = "";
    this.#rest += bytes.toString("latin1");
    for (let end = this.#rest.indexOf("\n"); end >= 0 && !this.ended; end = this.#rest.indexOf("\n")) {
      const line = this.#rest.slice(0, end).replace(/\r$/, "");
      this.#rest = this.#rest.slice(end + 1);
      answer += this.#line(line);
    }
    if (this.#rest.length > MAX_LINE) {
      this.#rest = "";
      if (this.#mode !== "data") answer += "500 5.5.2 Line too long\r\n";
    }
    return answer;
  }

  #line(line: string): string {
    switch (this.#mode) {
      case "data":
        if (line !== ".") return "";
        this.#mode = "command";
        this.#note(`mail from ${this.#from} to ${this.#to.join(", ")}`);
        this.#to = [];
        return "250 2.0.0 Ok: queued as 4Bq1Xs2K3z\r\n";
      case "user":
        this.#user = decode(line);
        this.#mode = "password";
        return "334 UGFzc3dvcmQ6\r\n";
      case "password":
      case "plain":
        return this.#login(this.#mode === "plain" ? (decode(line).split("\0")[1] ?? "") : this.#user);
      default:
        return this.#command(line);
    }
  }

  #login(user: string): string {
    this.#mode = "command";
    this.#note(`login ${user}`);
    return "235 2.7.0 Authentication successful\r\n";
  }

  #command(line: string): string {
    const [word = "", ...rest] = line.trim().split(/\s+/);
    const last = rest.at(-1) ?? "";
    switch (word.toUpperCase()) {
      case "EHLO":
        return "250-mail\r\n250-SIZE 26214400\r\n250-8BITMIME\r\n250-AUTH LOGIN PLAIN\r\n250 SMTPUTF8\r\n";
      case "MAIL":
        this.#from = address(line);
        return "250 2.1.0 Ok\r\n";
      case "RCPT":
        if (this.#to.length < 50) this.#to.push(address(line));
        return "250 2.1.5 Ok\r\n";
      case "DATA":
        this.#mode = "data";
        return "354 End data with <CR><LF>.<CR><LF>\r\n";
      case "AUTH":
        return this.#auth((rest[0] ?? "").toUpperCase(), rest.length > 1 ? last : null);
      case "QUIT":
        this.ended = true;
        return "221 2.0.0 Bye\r\n";
      case "STARTTLS":
        return "454 4.7.0 TLS not available\r\n";
      case "HELO":
      case "NOOP":
      case "RSET":
      case "VRFY":
        return "250 2.0.0 Ok\r\n";
      default:
        return "502 5.5.2 Error: command not recognized\r\n";
    }
  }

  #auth(method: string, initial: string | null): string {
    if (method === "PLAIN" && initial !== null) {
      this.#mode = "plain";
      return this.#line(initial);
    }
    if (method === "LOGIN" && initial !== null) {
      this.#mode = "user";
      return this.#line(initial);
    }
    if (method !== "PLAIN" && method !== "LOGIN") return "504 5.5.4 Unrecognized authentication type\r\n";
    this.#mode = method === "PLAIN" ? "plain" : "user";
    return method === "PLAIN" ? "334 \r\n" : "334 VXNlcm5hbWU6\r\n";
  }

  #note(text: string): void {
    if (this.notes.length < 10) this.notes.push(text.slice(0, 300));
  }
}

const decode = (text: string) => Buffer.from(text, "base64").toString("latin1");
const address = (line: string) => /<([^>]*)>/.exec(line)?.[1] ?? line.replace(/^[^:]*:/, "").trim();
