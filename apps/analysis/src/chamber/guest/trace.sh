# The trace of the guest's own kernel: probes at functions that hold the name as the kernel has copied it, so that the
# sample can neither forge nor change it afterwards. A probe that this kernel does not offer is left out; the host sees
# from `formats` which there are.
tracing=/sys/kernel/tracing

trace_probe() {
  echo "p:thymus/$1 $2 comm=\$comm:string $3" >>$tracing/kprobe_events 2>/dev/null || echo "$1" >>/missing-probes
}

trace_prepare() {
  echo 0 >$tracing/tracing_on
  # Keeps the first events and counts the rest as dropped.
  echo 0 >$tracing/options/overwrite
  echo 1 >$tracing/options/event-fork
  echo 6144 >$tracing/buffer_size_kb
  echo mono >$tracing/trace_clock
  trace_probe open do_filp_open 'dfd=%di:s32 path=+0(+0(%si)):string flags=+0(%dx):x32'
  trace_probe unlink do_unlinkat 'dfd=%di:s32 path=+0(+0(%si)):string'
  trace_probe rmdir do_rmdir 'dfd=%di:s32 path=+0(+0(%si)):string'
  trace_probe rename do_renameat2 'dfd=%di:s32 path=+0(+0(%si)):string to=+0(+0(%cx)):string'
  trace_probe chmod chmod_common 'path=+0(+40(+8(%di))):string mode=%si:x16'
  trace_probe truncate vfs_truncate 'path=+0(+40(+8(%di))):string size=%si:s64'
  trace_probe connect __sys_connect_file 'family=+0(%si):u16 port=+2(%si):x16 address=+4(%si):x32 name=+2(%si):string'
  trace_probe chdir set_fs_pwd 'path=+0(+40(+8(%si))):string'
  mkdir -p /formats
  for event in thymus sched/sched_process_exec sched/sched_process_fork sched/sched_process_exit \
    syscalls/sys_enter_mprotect syscalls/sys_enter_mmap syscalls/sys_enter_ptrace syscalls/sys_enter_kill; do
    [ -d "$tracing/events/$event" ] || continue
    case $event in
    # Memory that is writable and executable at once; each library's code would be too much.
    */sys_enter_m*) echo 'prot & 4 && prot & 2' >"$tracing/events/$event/filter" ;;
    esac
    echo 1 >"$tracing/events/$event/enable"
    cat "$tracing/events/$event/format" "$tracing/events/$event"/*/format 2>/dev/null >>/formats/events
  done
  cat $tracing/events/header_page >/formats/page
}

# Follows the calling process and all that descend from it.
trace_follow_me() {
  echo "$1" >$tracing/set_event_pid
  echo 1 >$tracing/tracing_on
}

trace_collect() {
  echo 0 >$tracing/tracing_on
  cat $tracing/per_cpu/cpu0/stats >/out/trace-stats
  chroot /squash /usr/bin/dd bs=4096 iflag=nonblock <$tracing/per_cpu/cpu0/trace_pipe_raw >/out/trace 2>/dev/null
}
