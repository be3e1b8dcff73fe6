# One run, from the restored machine to the packed result. Read by init; `epoch` and `seed` came over the serial line,
# the rest lies on the second disk: a tar with the job at its start, a tar with decoys and sample behind 1 MiB.
# Every run starts from the same saved memory: without a new seed all runs would draw the same random numbers.
# (ioctls RNDADDENTROPY and RNDRESEEDCRNG)
reseed='open(my $f, "+<&=0") or exit 1; ioctl($f, 0x40085203, pack("iia64", 512, 64, $ARGV[0])); ioctl($f, 0x5207, 0);'
chroot /squash /usr/bin/perl -e "$reseed" "$seed" <>/dev/urandom

blockdev --flushbufs /dev/vdb
dd if=/dev/vdb bs=4096 count=1 2>/dev/null | tar -x -C /job 2>/dev/null
. /job/size
dd if=/dev/vdb bs=1048576 skip=1 count="$JOB_MIB" 2>/dev/null | tar -x -C /job
. /job/job
date -u -s "@$((epoch + CLOCK_OFFSET))" >/dev/null
mkdir /out
dd if=/dev/vdb bs=1048576 skip=32 count="$TREE_MIB" 2>/dev/null | tar -x -C /space/layer
# Owner and mode of the root folder are those of the upper layer.
chown "$(stat -c %u:%g /space/layer)" /space/upper
chmod "$(stat -c %a /space/layer)" /space/upper
mount -t overlay overlay -o lowerdir=/space/layer:/squash,upperdir=/space/upper,workdir=/space/work /newroot ||
  echo overlay >>/out/broken
mount --bind /box /newroot/dev
mount --bind /space/shm /newroot/dev/shm
# Without the programs of others: the sample's user sees its own.
mount -t proc -o hidepid=2 proc /newroot/proc
mount -t sysfs -o ro sysfs /newroot/sys

# Becomes the sample's user for good: no capability, no set-user-id program, no way back. As root it is root of a user
# namespace only, likewise without any capability, and makes no further namespace in which it would have some. What is in
# a chroot may make none at all, so there the new root is moved over the old one, in a mount namespace of its own.
as_user() {
  if [ -n "$AS_ROOT" ]; then
    exec unshare -m /bin/sh -c 'cd /newroot && mount --move . / && exec chroot . "$@"' root \
      /usr/bin/setpriv --reuid 1000 --regid 1000 --clear-groups --no-new-privs --inh-caps=-all \
      /usr/bin/unshare --user --map-root-user \
      /bin/sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"' root \
      /usr/bin/setpriv --bounding-set=-all --inh-caps=-all -- \
      /usr/bin/env -i --chdir="$DIRECTORY" HOME="$HOME_FOLDER" USER=root LOGNAME=root SHELL=/bin/bash \
      PATH="$HOME_FOLDER/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$@"
  fi
  exec chroot /newroot /usr/bin/setpriv --reuid 1000 --regid 1000 --clear-groups --no-new-privs \
    --bounding-set=-all --inh-caps=-all \
    /usr/bin/env -i --chdir="$DIRECTORY" HOME="$HOME_FOLDER" USER="$USER_NAME" LOGNAME="$USER_NAME" \
    SHELL=/bin/bash PATH="$HOME_FOLDER/bin:/usr/local/bin:/usr/bin:/bin" "$@"
}
limits() {
  ulimit -c 0
  ulimit -f 131072
  ulimit -n 1024
}
# Takes what is printed, keeps the first 64 KiB, lets the rest pass so that the writer does not block.
keep_start() { head -c 65536 >"$1"; exec cat >/dev/null; }
uptime_now() { read -r up _ </proc/uptime; echo "$up"; }

network_start

mkfifo /job/done
exec 9<>/job/done
start=$(uptime_now)
trace_before_sample
echo STARTED >/dev/ttyS0
{
  (
    exec 9>&-
    # $$ would be init's: this shell learns its own number from the kernel.
    read -r self _ </proc/self/stat
    echo "$self" >/sys/fs/cgroup/app/cgroup.procs
    limits
    trace_follow_me "$self"
    worst=0
    for command in /job/commands/*; do
      . "$command"
      (trace_command; as_user "$@") </job/stdin
      status=$?
      [ "$worst" -ne 0 ] || worst=$status
    done
    exit "$worst"
  ) 2>&1
  echo "$?" >&9
} | keep_start /out/output &

if read -r -t "$LIMIT" status <&9; then
  ended=exited
else
  ended=timeout
  status=-
fi

to_disk() { chroot /squash /usr/bin/dd bs=1048576 iflag=fullblock seek="$1" count="$2" conv=notrunc 2>/dev/null >/dev/vdc; }

populated() { grep -q 'populated 1' /sys/fs/cgroup/app/cgroup.events; }

# A user at the desk: works with the programs while the sample may still be there. Without a resident process only
# those programs matter that were changed.
touch_list=/job/touch
if ! populated; then
  : >/job/touch-changed
  while read -r how path; do
    [ -e "/space/upper$path" ] && echo "$how $path" >>/job/touch-changed
  done </job/touch
  touch_list=/job/touch-changed
  # Nothing waits for the user: a second generation shows itself in the first few.
  [ "$TOUCH_LIMIT" -le 3 ] || TOUCH_LIMIT=3
  for startup in .bashrc .profile .bash_profile .bash_login; do
    [ -e "/space/upper$HOME_FOLDER/$startup" ] && echo "login $HOME_FOLDER" >>/job/touch-changed
  done
fi
if [ -s $touch_list ]; then
  (
    read -r self _ </proc/self/stat
    echo "$self" >/sys/fs/cgroup/desk/cgroup.procs
    limits
    AS_ROOT=
    as_user LANG=C timeout -s KILL "$TOUCH_LIMIT" /bin/bash -c "$(cat /touch.sh)" desk "$(cat $touch_list)"
  ) </dev/null >/dev/null 2>&1
fi
turns=0
while populated && [ "$ended" = exited ] && [ "$turns" -lt "$QUIET_TURNS" ]; do
  sleep 0.1
  turns=$((turns + 1))
done
for group in app desk; do
  echo 1 >"/sys/fs/cgroup/$group/cgroup.kill"
  turns=0
  while grep -q 'populated 1' "/sys/fs/cgroup/$group/cgroup.events" && [ $turns -lt 100 ]; do
    sleep 0.02
    turns=$((turns + 1))
  done
done
trace_collect
network_collect | to_disk "$NETWORK_START" "$NETWORK_MIB"

# Packing: nothing of the sample runs any more. Tools are those of the read-only root, never the sample's.
{
  echo "ended $ended"
  echo "status $status"
  echo "start $start"
  echo "end $(uptime_now)"
} >/out/status
: >/out/missing
: >/out/decoys
while read -r path; do
  [ -e "/newroot$path" ] || [ -L "/newroot$path" ] || echo "$path" >>/out/missing
  [ -f "/space/upper$path" ] && [ ! -L "/space/upper$path" ] && echo ".$path" >>/out/decoys
done </job/decoys
pack="/usr/bin/tar --create --format=gnu --numeric-owner --no-recursion --no-xattrs -C /mnt"
if [ -s /out/decoys ]; then
  chroot /squash $pack -T - </out/decoys 2>/dev/null | to_disk "$DECOYS_START" "$DECOYS_MIB"
  chroot /squash /bin/sh -c 'cd /mnt && xargs -r -d "\n" rm -f --' </out/decoys
fi
mkdir -p /space/upper/dev
mv /space/shm /space/upper/dev/shm 2>/dev/null
chroot /squash /usr/bin/find /mnt -xdev -type f -printf '%P\0' 2>/dev/null >/out/new
tr -cd '\000' </out/new | wc -c >/out/new-count
if [ -s /out/new ]; then
  chroot /squash /usr/bin/head -z -n 2000 </out/new >/out/new-first
  chroot /squash $pack --null -T - </out/new-first 2>/dev/null | to_disk "$DROPPED_START" "$DROPPED_MIB"
fi
rm -f /out/new /out/new-first
echo complete >/out/complete
tar -c -C /out . | to_disk "$CONTROL_START" "$CONTROL_MIB"
sync
echo DONE >/dev/ttyS0
