import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const read = (...parts: string[]): Promise<string> =>
  readFile(join(...parts), "utf8").then(
    (text) => text.trim(),
    () => "",
  );

/**
 * True where the machine runs from a battery of its own: one discharges, and no mains supply is on (kernel documentation,
 * ABI sysfs-class-power). Batteries of mice and keyboards (scope Device) do not count. False where nothing is known.
 * @param folder /sys/class/power_supply
 */
export async function onBattery(folder = "/sys/class/power_supply"): Promise<boolean> {
  let discharging = false;
  for (const name of await readdir(folder).catch(() => [])) {
    if ((await read(folder, name, "scope")) === "Device") continue;
    const type = await read(folder, name, "type");
    if (type === "Battery") discharging ||= (await read(folder, name, "status")) === "Discharging";
    else if ((await read(folder, name, "online")) === "1") return false;
  }
  return discharging;
}

/**
 * True where a thermal zone is at its first trip point at which the kernel slows the machine down (type passive or hot).
 * @param folder /sys/class/thermal
 */
export async function tooHot(folder = "/sys/class/thermal"): Promise<boolean> {
  for (const zone of await readdir(folder).catch(() => [])) {
    if (!zone.startsWith("thermal_zone")) continue;
    const now = Number((await read(folder, zone, "temp")) || Number.NaN);
    for (let trip = 0; trip < 12; trip++) {
      const type = await read(folder, zone, `trip_point_${trip}_type`);
      if (type === "") break;
      const limit = Number(await read(folder, zone, `trip_point_${trip}_temp`));
      if ((type === "passive" || type === "hot") && limit > 0 && now >= limit) return true;
    }
  }
  return false;
}
