import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ContainerName } from "./names.ts";

/** A container that a runtime keeps on the disk, whether it runs or not. */
export interface Stored extends ContainerName {
  readonly layers: readonly string[];
}

const listed = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};
const text = (file: string): string => {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return "";
  }
};

/** Its own layer and those below, which a file beside it names by short links (`l/...`). */
function layersOf(overlay: string, id: string): string[] {
  const lower = text(join(overlay, id, "lower"))
    .split(":")
    .filter(Boolean);
  return [join(overlay, id, "diff"), ...lower.map((link) => resolve(overlay, link))];
}

function docker(root: string): Stored[] {
  const folder = join(root, "var/lib/docker");
  const mounts = join(folder, "image/overlay2/layerdb/mounts");
  return listed(mounts).flatMap((id) => {
    const mount = text(join(mounts, id, "mount-id"));
    return mount ? [{ runtime: "docker", id, layers: layersOf(join(folder, "overlay2"), mount) }] : [];
  });
}

function podman(root: string): Stored[] {
  const folder = join(root, "var/lib/containers/storage");
  try {
    const known = JSON.parse(text(join(folder, "overlay-containers/containers.json")) || "[]") as unknown;
    return (Array.isArray(known) ? known : []).flatMap((each: { id?: unknown; layer?: unknown } | null) =>
      typeof each?.id === "string" && typeof each.layer === "string" && /^[0-9a-f]+$/.test(each.layer)
        ? [{ runtime: "podman", id: each.id, layers: layersOf(join(folder, "overlay"), each.layer) }]
        : [],
    );
  } catch {
    return [];
  }
}

/** Which snapshot is whose stands in a database of containerd's own: those that no running container has go by their number. */
function containerd(root: string): Stored[] {
  const folders = ["var/lib/containerd", "var/lib/rancher/k3s/agent/containerd"];
  return folders.flatMap((folder) => {
    const snapshots = join(root, folder, "io.containerd.snapshotter.v1.overlayfs/snapshots");
    return listed(snapshots).map((number) => ({
      ...{ runtime: "containerd", id: `snapshot ${number}` },
      layers: [join(snapshots, number, "fs")],
    }));
  });
}

function lxc(root: string): Stored[] {
  const folder = join(root, "var/lib/lxc");
  return listed(folder).map((id) => ({ runtime: "lxc", id, layers: [join(folder, id, "rootfs")] }));
}

/** Containers that runtimes keep below a root folder, by their files alone: no runtime is asked. */
export function storedContainers(root: string): Stored[] {
  return [...docker(root), ...podman(root), ...containerd(root), ...lxc(root)]
    .map((each) => ({ ...each, layers: each.layers.filter((layer) => existsSync(layer)) }))
    .filter(({ layers }) => layers.length > 0);
}
