# The trace of the guest's own kernel: probes below the system calls, at functions that hold names as the kernel has
# copied or resolved them, so that the sample can neither forge nor change them afterwards, whichever call it uses.
# A probe that this kernel does not offer is left out and told.
tracing=/sys/kernel/tracing
# Each class has a buffer of its first events and one of its last, in KiB: a flood of one blinds no other, and hides
# neither its own beginning nor its end.
trace_classes='process:4096:1024 write:5120:1536 network:2048:1024 read:4096:1024'

trace_each() {
  for trace_class in $trace_classes; do
    for trace_part in first last; do
      "$@" "$tracing/instances/${trace_class%%:*}-$trace_part"
    done
  done
}

trace_probe() {
  echo "$1:thymus_$2" "$3" >>$tracing/kprobe_events 2>/dev/null || echo "$2" >>/formats/missing
}

# Arguments of a probe that name a dentry and all above it: prints $1_0=... outwards. A path is what the kernel has
# resolved: no link, no relative name, no mount of the sample's own can hide what is meant. (struct dentry: d_parent at
# 24, d_name.name at 40; struct path: mnt at 0, dentry at 8; struct vfsmount: mnt_sb at 8; struct super_block: s_dev at 16)
trace_path() {
  trace_up=$2
  for trace_level in 0 1 2 3 4 5 6 7 8; do
    printf ' %s' "$1$trace_level=+0(+40($trace_up)):string"
    trace_up="+24($trace_up)"
  done
}
# Number of the file system that the struct path in a register lies on.
trace_device() { printf ' %s' "$1=+16(+8(+0($2))):u32"; }

# Numbers that a system call was given, for 64-bit and 32-bit callers alike (struct pt_regs).
trace_call() {
  for trace_way in "$1:__x64_sys_:112:104:96" "$1_32:__ia32_sys_:40:88:96" "$1_compat:__ia32_compat_sys_:40:88:96"; do
    IFS=: read -r trace_name trace_prefix trace_a trace_b trace_c <<WAY
$trace_way
WAY
    grep -q " $trace_prefix$1\$" /formats/symbols || continue
    trace_probe p "process/$trace_name" \
      "$trace_prefix$1 comm=\$comm:string a=+$trace_a(%di):s64 b=+$trace_b(%di):s64 c=+$trace_c(%di):s64"
  done
}

trace_filter() {
  for trace_part in first last; do
    echo "$3" >"$tracing/instances/$1-$trace_part/events/thymus_$1/$2/filter"
  done
}

trace_probe_files() {
  # Places of f_flags, f_mode and f_path.dentry in struct file, of uid in struct cred.
  case $(uname -r) in
  [45].* | 6.[0-4].*) flags=64 mode=68 entry=24 user=4 ;;
  6.[5-9].* | 6.1[01].*) flags=72 mode=20 entry=160 user=8 ;;
  *) flags=48 mode=12 entry=72 user=8 ;;
  esac
  comm='comm=$comm:string'
  here="$(trace_device dev %di)$(trace_path n '+8(%di)')"
  for class in read write; do
    trace_probe p $class/open "do_filp_open $comm dfd=%di:s32 path=+0(+0(%si)):string flags=+0(%dx):x32"
    trace_probe p $class/opened "vfs_open flags=+$flags(%si):x32 mode=+$mode(%si):x32$here"
  done
  trace_probe r read/open_failed 'do_filp_open ret=$retval:s64'
  trace_probe p write/chmod "chmod_common $comm mode=%si:x16$here"
  trace_probe p write/chown "chown_common $comm uid=%si:s32 gid=%dx:s32$here"
  trace_probe p write/utime "vfs_utimes $comm times=%si:x64 seconds=+16(%si):s64 nanoseconds=+24(%si):s64$here"
  trace_probe p write/truncate "vfs_truncate $comm size=%si:s64$here"
  entry_here="$(trace_device dev %di)$(trace_path n %si)"
  for call in unlink rmdir mkdir mknod; do
    trace_probe p write/$call "security_path_$call $comm mode=%dx:x32$entry_here"
  done
  trace_probe p write/symlink "security_path_symlink $comm target=+0(%dx):string$entry_here"
  trace_probe p write/rename "security_path_rename $comm$entry_here$(trace_device dev2 %dx)$(trace_path m %cx)"
  trace_probe p write/link \
    "security_path_link $comm$(trace_device dev %si)$(trace_path n %di)$(trace_device dev2 %si)$(trace_path m %dx)"
}

trace_probe_network() {
  address='family=+0(%si):u16 port=+2(%si):x16 address=+4(%si):x32 high=+8(%si):x64 low=+16(%si):x64'
  address="$address name=+2(%si):string abstract=+3(%si):string"
  trace_probe p network/connect "__sys_connect_file $comm $address"
  trace_probe r network/connect_failed '__sys_connect_file ret=$retval:s32'
  trace_probe p network/bind "security_socket_bind $comm $address"
  trace_probe p network/listen "security_socket_listen $comm backlog=%si:s32"
  trace_probe p network/send \
    "security_socket_sendmsg $comm to=+0(%si):x64 size=%dx:s32 $(echo "$address" | sed 's/(%si)/(+0(%si))/g')"
}

trace_probe_processes() {
  # Start of the arguments as the kernel has laid them out in the new program's memory (struct linux_binprm: p at 24,
  # file at 64, argc at 88).
  words=
  for place in 0 8 16 24 32 40 48 56 64 72 80 88 96 104 112 120 128 136 144 152 160 168 176 184 192 200 208 216; do
    words="$words w$((place / 8))=+u$place(+24(%di)):x64"
  done
  trace_probe p process/argv "setup_arg_pages argc=+88(%di):s32 file=+0(+40(+$entry(+64(%di)))):string$words"
  trace_probe p process/exiting "do_exit $comm code=%di:x32"
  trace_probe p process/chdir "set_fs_pwd$(trace_device dev %si)$(trace_path n '+8(%si)')"
  trace_probe p process/map \
    "security_mmap_file $comm file=%di:x64 prot=%si:x32 flags=%dx:x32 name=+0(+40(+$entry(%di))):string"
  trace_probe p process/protect "security_file_mprotect $comm prot=%si:x32 before=+32(%di):x64"
  trace_probe p process/memfd "shmem_file_setup $comm name=+0(%di):string"
  trace_probe p process/capable "security_capable $comm user=+$user(%di):u32 cap=%dx:s32 opts=%cx:x32"
  trace_probe p process/prctl "security_task_prctl $comm option=%di:s32 value=%si:x64"
  trace_probe p process/named "__set_task_comm $comm name=+0(%si):string exec=%dx:u8"
  trace_probe p process/sleep "hrtimer_nanosleep $comm ns=%di:s64 mode=%si:x32 clock=%dx:s32"
  trace_probe p read/wait "schedule_hrtimeout_range $comm at=%di:x64 ns=+0(%di):s64 mode=%dx:x32"
  trace_probe p process/mount "security_sb_mount $comm source=+0(%di):string type=+0(%dx):string flags=%cx:x64$(
    trace_device dev %si
    trace_path n '+8(%si)'
  )"
  trace_probe p process/chroot "security_path_chroot $comm$here"
  for call in ptrace process_vm_writev kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal \
    setuid setreuid setresuid setgid setregid setresgid setgroups capset unshare setns \
    fsopen open_tree move_mount umount pivot_root \
    init_module finit_module delete_module bpf kexec_load kexec_file_load seccomp io_uring_setup; do
    trace_call $call
  done
}

trace_make_instance() {
  mkdir "$1"
  echo 0 >"$1/tracing_on"
  echo mono >"$1/trace_clock"
  sizes=${trace_class#*:}
  if [ "$trace_part" = first ]; then
    # Keeps the first events and counts the rest as dropped.
    echo 0 >"$1/options/overwrite"
    echo "${sizes%:*}" >"$1/buffer_size_kb"
  else
    echo "${sizes#*:}" >"$1/buffer_size_kb"
  fi
}

trace_start_instance() {
  echo 1 >"$1/events/thymus_${trace_class%%:*}/enable"
  case $trace_class in
  process:*)
    echo 1 >"$1/events/task/task_newtask/enable"
    echo 1 >"$1/events/sched/sched_process_exec/enable"
    ;;
  esac
  # All that runs now is the guest's own, with all that it starts; what a kernel thread does for a sample is not.
  echo "$trace_pids" >"$1/set_event_notrace_pid"
  echo 1 >"$1/options/event-fork"
}

trace_prepare() {
  mkdir -p /formats
  : >/formats/missing
  grep -E ' __(x64|ia32|ia32_compat)_sys_' /proc/kallsyms >/formats/symbols
  echo 0 >$tracing/tracing_on
  trace_probe_files
  trace_probe_network
  trace_probe_processes
  rm /formats/symbols
  trace_each trace_make_instance
  # Flags of open(2): 3 access mode, 64 create; 32 is the kernel's own for files that it opens to run them.
  trace_filter read open '!(flags & 99)'
  trace_filter read opened '!(flags & 99)'
  trace_filter read open_failed 'ret < 0 && ret > -4096'
  trace_filter write open 'flags & 67 && !(flags & 32)'
  trace_filter write opened 'flags & 67 && !(flags & 32)'
  trace_filter write utime 'times != 0'
  trace_filter read wait 'at != 0'
  trace_filter network connect_failed 'ret < 0'
  trace_filter network send 'to != 0'
  trace_filter process map 'prot & 4 && (prot & 2 || file == 0 || name ~ "memfd:*")'
  trace_filter process protect 'prot & 4'
  trace_filter process memfd 'name ~ "memfd:*"'
  # Questions that nobody asked for carry the mark 2; a file system asks in its mounter's name.
  trace_filter process capable '!(opts & 2) && user == 1000'
  trace_filter process prctl 'option == 4 || option == 22 || option == 35 || option == 36 || option == 1499557217'
  trace_filter process named 'exec == 0'
  trace_pids=
  for process in /proc/[0-9]*; do
    trace_pids="$trace_pids ${process#/proc/}"
  done
  trace_each trace_start_instance
  cat $tracing/events/thymus_*/*/format $tracing/events/task/task_newtask/format \
    $tracing/events/sched/sched_process_exec/format >/formats/events
}

trace_set() { echo "$2" >"$3/$1"; }

# Before the shell that starts the sample is forked: it and its children are not the guest's own.
trace_before_sample() { trace_each trace_set options/event-fork 0; }

# In that shell; $1 is its number.
trace_follow_me() {
  echo "$1" >/job/trace-root
  trace_each trace_set tracing_on 1
  trace_each trace_set options/event-fork 1
}

# In the process that becomes one command of the sample.
trace_command() {
  read -r trace_self _ </proc/self/stat
  echo "$trace_self" >>/job/trace-commands
}

trace_collect_instance() {
  trace_name=${1##*/}
  # Where the first all have room, the last are among them.
  if [ "$trace_part" = last ] && grep -q '^dropped events: 0$' "/out/trace-${trace_name%-last}-first.stats"; then
    return
  fi
  cat "$1/per_cpu/cpu0/stats" >"/out/trace-$trace_name.stats"
  chroot /squash /usr/bin/dd bs=4096 iflag=nonblock <"$1/per_cpu/cpu0/trace_pipe_raw" >"/out/trace-$trace_name" 2>/dev/null
}

trace_collect() {
  trace_each trace_set tracing_on 0
  trace_each trace_collect_instance
  cat /job/trace-root /job/trace-commands >/out/trace-pids 2>/dev/null
  # Where the sample sees each file system: its number, the place, and the part of it that lies there.
  for place in '/ /' '/dev /' '/dev/pts /' '/proc /' '/sys /'; do
    echo "$(stat -c %d "/newroot${place% *}") $place"
  done >/out/trace-mounts
  echo "$(stat -c %d /space) /dev/shm /shm" >>/out/trace-mounts
  cp /formats/events /out/trace-formats
  cp /formats/missing /out/trace-missing
}
