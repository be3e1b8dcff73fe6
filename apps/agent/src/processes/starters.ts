/**
 * Programs that start others in somebody's name: logins, desktops, terminals, service managers, containers, servers of jobs. What two
 * children of one of them do has nothing in common. A list only: the answering process (guard/) reads it too.
 */
export const starters: readonly string[] = [
  ...["init", "systemd", "systemd-executor", "runit", "runsv", "runsvdir", "openrc-init", "s6-svscan", "s6-supervise", "tini", "dumb-init"],
  ...["sshd", "sshd-session", "sshd-auth", "dropbear", "mosh-server", "in.telnetd", "login", "agetty", "getty", "mgetty", "sulogin"],
  ...["sudo", "su", "doas", "runuser", "pkexec", "cron", "crond", "atd", "anacron", "fcron", "xinetd", "inetd", "udevd", "polkitd", "NetworkManager"],
  ...["dbus-daemon", "dbus-broker", "dbus-broker-launch", "tmux", "screen", "zellij", "dtach", "abduco"],
  ...["Xorg", "Xwayland", "Xvnc", "Xtigervnc", "Xtightvnc", "xrdp-sesman", "xrdp-sesexec", "gdm", "gdm3", "sddm", "sddm-helper", "lightdm", "greetd", "ly"],
  ...["gnome-shell", "gnome-session", "gnome-session-binary", "gnome-session-service", "plasmashell", "startplasma-x11", "startplasma-wayland", "plasma_session"],
  ...["ksmserver", "kwin_wayland", "kwin_x11", "krunner", "kdeinit5", "xfce4-session", "xfce4-panel", "xfdesktop", "xfwm4", "cinnamon", "cinnamon-session-binary"],
  ...["mate-session", "mate-panel", "lxsession", "lxpanel", "lxqt-session", "lxqt-panel", "sway", "i3", "openbox", "fluxbox", "labwc", "Hyprland", "weston", "budgie-panel"],
  ...["gnome-terminal-server", "kgx", "ptyxis", "ptyxis-agent", "konsole", "xterm", "kitty", "alacritty", "foot", "footclient", "wezterm-gui", "ghostty", "urxvt", "st"],
  ...["xfce4-terminal", "mate-terminal", "lxterminal", "qterminal"],
  ...["containerd", "containerd-shim", "containerd-shim-runc-v1", "containerd-shim-runc-v2", "dockerd", "docker-init", "catatonit", "conmon", "conmonrs", "crun", "runc", "youki"],
  ...["lxc-start", "lxd", "incusd", "k3s", "kubelet", "crio", "gitlab-runner", "act_runner", "buildkite-agent"],
]; // biome-ignore format: a list

/** Folders of programs of the system that are on no usual search path. */
export const starterFolders: readonly string[] = [
  ...["/usr/libexec", "/usr/lib/systemd", "/usr/lib/openssh", "/run/current-system/sw/bin", "/run/wrappers/bin"],
  ...["/var/lib/rancher/k3s/data/current/bin", "/snap/docker/current/bin", "/snap/microk8s/current/bin"],
]; // biome-ignore format: a list
