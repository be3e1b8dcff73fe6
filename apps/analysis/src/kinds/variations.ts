/** What is tried when a sample showed nothing: other dates, users, places, words behind it, something to read. */
import { createHash } from "node:crypto";
import type { FileType } from "@thymus/contracts";
import type { Conditions } from "../chamber/chamber.ts";

const DAY = 86_400;
/** Beyond a year: past most dates on which something is made to wake up, and in another year in any case. */
const AHEAD = 400 * DAY;

const places = [
  { locale: "zh_CN.UTF-8", timezone: "Asia/Shanghai", words: "in Chinese" },
  { locale: "ru_RU.UTF-8", timezone: "Europe/Moscow", words: "in Russian" },
] as const;
const orders = [["install"], ["start"], ["-d"], ["--install"]] as const;
/** Files that every guest has, and an address as samples are given them. */
const targets = [
  ["/home/sam/.bashrc"],
  ["/etc/hostname"],
  ["https://www.example.com/index.html"],
  ["--help"],
] as const;

function date(from: number, fits: (day: Date) => boolean): Date {
  const day = new Date(Math.ceil(from / (DAY * 1000)) * DAY * 1000);
  while (!fits(day)) day.setUTCDate(day.getUTCDate() + 1);
  return day;
}

const inWords = (day: Date) =>
  day.toLocaleDateString("en-GB", {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });

/**
 * At most three conditions, the worthiest first. Each changes several things at once, but only such as do not hide what
 * another would show: the first changes when and where the sample is but not how it is called, the second who calls it,
 * the third what it is given.
 * @param seed same seed, same day: same conditions
 * @param now milliseconds since 1970
 */
export function variationsFor(type: FileType, seed: string, now: number = Date.now()): Conditions[] {
  const digest = createHash("sha256").update(`variations ${seed}`).digest();
  const pick = <T>(list: readonly T[], at: number): T => list[digest[at]! % list.length]!;
  const offset = (day: Date, hour: number) => Math.round((day.getTime() - now) / 1000) + hour * 3600;
  const later = now + AHEAD * 1000;
  const today = new Date(now).getUTCDay();
  const friday = date(later, (day) => day.getUTCDate() === 13 && day.getUTCDay() === 5);
  const newYear = date(later, (day) => day.getUTCDate() === 1 && day.getUTCMonth() === 0);
  const workday = date(now + (60 + (digest[0]! % 90)) * DAY * 1000, (day) => {
    const week = day.getUTCDay();
    return week !== today && week !== 0 && week !== 6;
  });
  const place = pick(places, 1);
  // What a package manager installs is not called with words of the sample's.
  const installed = type === "npm";
  const order = installed ? [] : [...pick(orders, 2)];
  const target = installed ? [] : [...pick(targets, 3)];
  return [
    {
      label: `on ${inWords(friday)} at noon, in German, with lines of y to read`,
      args: [],
      stdin: "y\n".repeat(200),
      clockOffset: offset(friday, 12),
      locale: "de_DE.UTF-8",
      timezone: "Europe/Berlin",
      asRoot: false,
    },
    {
      label: `as root, on ${inWords(newYear)} at 3 in the morning${order.length > 0 ? `, called with ${order[0]}` : ""}`,
      args: order,
      stdin: null,
      clockOffset: offset(newYear, 3),
      locale: "en_US.UTF-8",
      timezone: "UTC",
      asRoot: true,
    },
    {
      label: `${target.length > 0 ? `called with ${target[0]}, ` : ""}${place.words}, on ${inWords(workday)}, with lines of text to read`,
      args: target,
      stdin: `yes\n1\nsam\n${targets[0][0]}\nhttps://www.example.com/\n`.repeat(20),
      clockOffset: offset(workday, 9),
      locale: place.locale,
      timezone: place.timezone,
      asRoot: false,
    },
  ];
}
