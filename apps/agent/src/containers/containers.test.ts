import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, realpath, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { bundleSources, scanPaths } from "@thymus/detection";
import { needs } from "@thymus/testkit";
import { Containers } from "./containers.ts";
import { containerOfGroup } from "./names.ts";
import { parseOverlays } from "./overlays.ts";

const ID = "0123456789abcdef".repeat(4);

test("containers are named by their control groups, whatever runtime and driver made these", () => {
  const forms: Record<string, string | null> = {
    [`/system.slice/docker-${ID}.scope`]: `docker ${ID}`,
    [`/docker/${ID}`]: `docker ${ID}`,
    [`/machine.slice/libpod-${ID}.scope/container`]: `podman ${ID}`,
    [`/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope`]: `podman ${ID}`,
    [`/kubepods.slice/kubepods-pod1.slice/cri-containerd-${ID}.scope`]: `containerd ${ID}`,
    [`/kubepods/burstable/pod7a-1/${ID}`]: `containerd ${ID}`,
    [`/kubepods.slice/kubepods-pod1.slice/crio-${ID}.scope`]: `cri-o ${ID}`,
    "/lxc.payload.web/init.scope": "lxc web",
    "/lxc/db": "lxc db",
    "/machine.slice/machine-old\\x2dhost.scope": "nspawn old-host",
    "/machine.slice/machine-qemu\\x2d1.scope": null,
    "/system.slice/docker.service": null,
    [`/system.slice/libpod-conmon-${ID}.scope`]: null,
    "/user.slice/session-2.scope": null,
    "/": null,
  };
  for (const [group, name] of Object.entries(forms)) {
    const found = containerOfGroup(group);
    assert.equal(found && `${found.runtime} ${found.id}`, name, group);
  }
});

test("layers are read out of both ways in which overlays are mounted, with blanks and separators in names", () => {
  const line = (options: string) => `61 23 0:52 / /a\\040b rw,relatime shared:1 - overlay overlay ${options}`;
  assert.deepEqual(
    parseOverlays(line("rw,lowerdir=/l/1:/l/t\\040wo,upperdir=/u\\134,x,workdir=/w,index=off")),
    [{ point: "/a b", upper: "/u,x", lower: ["/l/1", "/l/t wo"] }],
  );
  assert.deepEqual(parseOverlays(line("ro,lowerdir+=/l/1,lowerdir+=/l/2,datadir+=/d")), [
    { point: "/a b", upper: null, lower: ["/l/1", "/l/2", "/d"] },
  ]);
  assert.deepEqual(parseOverlays("36 35 98:0 / /mnt rw - ext4 /dev/sda1 rw,lowerdir=/l\n\n"), []);
});

async function scene(t: TestContext) {
  const root = await realpath(await mkdtemp(join(tmpdir(), "thymus-containers-")));
  t.after(() => rm(root, { recursive: true, force: true }));
  const put = async (name: string, text: string) => {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
    return join(root, name);
  };
  return { root, put };
}

/** Finds of one rule in all layers: path and places. */
async function scan(containers: Containers) {
  const found: string[] = [];
  await scanPaths({
    paths: containers.paths,
    bundle: bundleSources([
      { namespace: "n", source: 'rule r { strings: $a = "qz7-never-run-container" condition: $a }' },
    ]),
    workers: 1,
    onError: (path, error) => assert.fail(`${path}: ${error.message}`),
    onFinding: ({ path }) =>
      found.push(
        `${path} ${containers.placesOf(path).map((place) => `${place.runtime} ${place.id.slice(0, 6)} ${place.path}`)}`,
      ),
  });
  return found.sort();
}

test("stored containers are found by what their runtimes keep; a layer that two stand on is scanned once", async (t) => {
  const { root, put } = await scene(t);
  const docker = "var/lib/docker";
  for (const id of ["a", "b"]) {
    await put(`${docker}/image/overlay2/layerdb/mounts/${id.repeat(64)}/mount-id`, `mount-${id}`);
    await put(`${docker}/overlay2/mount-${id}/lower`, "base/diff");
    await put(`${docker}/overlay2/mount-${id}/diff/etc/own`, id);
  }
  const shared = await put(`${docker}/overlay2/base/diff/usr/bin/tool`, "qz7-never-run-container");
  const storage = "var/lib/containers/storage";
  await put(
    `${storage}/overlay-containers/containers.json`,
    JSON.stringify([{ id: "c".repeat(64), layer: "c1" }, { id: 3 }, null]),
  );
  const own = await put(`${storage}/overlay/c1/diff/srv/app`, "qz7-never-run-container");
  const snapshot = "var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/7/fs";
  const numbered = await put(`${snapshot}/app`, "qz7-never-run-container");
  await put("var/lib/lxc/web/rootfs/etc/hostname", "web");
  const containers = Containers.find({ root, groupOf: () => null });
  assert.deepEqual(
    (await scan(containers)).filter((line) => line.startsWith(root)),
    [
      `${numbered} containerd snapsh /app`,
      `${own} podman cccccc /srv/app`,
      `${shared} docker aaaaaa /usr/bin/tool,docker bbbbbb /usr/bin/tool`,
    ].sort(),
  );
  assert.equal(containers.placesOf(join(root, "var/lib/lxc/web/rootfs/etc/hostname"))[0]?.runtime, "lxc");
  assert.deepEqual(containers.placesOf(join(root, "var/lib/lxc")), []);
});

/** A process whose root is a real overlay, in a mount namespace of its own. It ends with its input. */
async function running(t: TestContext, options: string, merged: string): Promise<ChildProcess> {
  const inside = 'chroot $ARGV[0] or die; chdir "/"; $| = 1; print "ready"; <STDIN>';
  const child = spawn(
    "unshare",
    [
      ...["--mount", "--propagation", "private", "sh", "-c"],
      `mount -t overlay overlay -o "$1" "$2" && exec perl -e '${inside}' "$2"`,
      ...["sh", options, merged],
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  t.after(async () => {
    child.stdin!.end();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  await Promise.race([once(child.stdout!, "data"), once(child, "exit")]);
  assert.equal(child.exitCode, null, "an overlay cannot be mounted here");
  return child;
}

test("a running container is found by its mounts, its layers are scanned where they lie, and finds bear its name", {
  skip: needs("root"),
}, async (t) => {
  const { root, put } = await scene(t);
  const below = await put("image/usr/bin/tool", "qz7-never-run-container");
  const above = await put("container/diff/tmp/dropped", "qz7-never-run-container");
  await mkdir(join(root, "work"));
  await mkdir(join(root, "merged"));
  // An overlay cannot stand on another one, which the folder for temporary files may be.
  const child = await running(
    t,
    `lowerdir=${join(root, "image")},upperdir=${join(root, "container/diff")},workdir=${join(root, "work")}`,
    join(root, "merged"),
  );
  const groupOf = (pid: number) => (pid === child.pid ? `/system.slice/docker-${ID}.scope` : null);
  const containers = Containers.find({ root, groupOf });
  assert.deepEqual(
    (await scan(containers)).filter((line) => line.startsWith(root)),
    [`${above} docker 012345 /tmp/dropped`, `${below} docker 012345 /usr/bin/tool`].sort(),
  );
  // Where its layers are not to be had here, what the process sees is looked at.
  await rename(join(root, "image"), join(root, "image.away"));
  const live = Containers.find({ root, groupOf });
  assert.deepEqual(live.paths.filter((path) => path.startsWith(`/proc/${child.pid}/`)).sort(), [
    `/proc/${child.pid}/root/tmp`,
    `/proc/${child.pid}/root/usr`,
  ]);
  assert.deepEqual(live.placesOf(`/proc/${child.pid}/root/tmp/dropped`), [
    { runtime: "docker", id: ID, path: "/tmp/dropped" },
  ]);
});
