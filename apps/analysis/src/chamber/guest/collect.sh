# Run by mmdebstrap on the host with the new root folder: downloads the kernel and the 32-bit packages with that
# root's own apt sources, unpacks the 32-bit libraries into it, and gives it the user that runs samples.
# KERNELS and I386 are lists of package names. The packages are left in /thymus-packages of the new root.
set -eu
root=$1
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
mkdir "$root/thymus-packages"
cd "$root/thymus-packages"
found=
for kernel in $KERNELS; do
  real=$(apt-cache depends --no-recommends --no-suggests "$kernel" 2>/dev/null | sed -n 's/^  Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
  [ -n "$real" ] || continue
  apt-get download "$real"
  # Ubuntu keeps modules in a package of their own.
  modules=$(echo "$real" | sed 's/^linux-image/linux-modules/')
  apt-get download "$modules" 2>/dev/null || true
  found=$real
  break
done
[ -n "$found" ] || { echo "no kernel package among: $KERNELS" >&2; exit 1; }
for package in $I386; do
  apt-get download "$package:i386" || echo "no $package for i386"
done
for package in lib*_i386.deb; do
  [ -e "$package" ] || continue
  for folder in ./lib ./usr/lib; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$root" "$folder" 2>/dev/null || true
  done
done
echo "$USER_NAME:x:$USER_ID:$USER_ID:Sam:/home/$USER_NAME:/bin/bash" >>"$root/etc/passwd"
echo "$USER_NAME:x:$USER_ID:" >>"$root/etc/group"
echo "$USER_NAME:*:19700:0:99999:7:::" >>"$root/etc/shadow"
mkdir -p "$root/home/$USER_NAME"
cp "$root/etc/skel/.bashrc" "$root/etc/skel/.profile" "$root/home/$USER_NAME/"
chown -R "$USER_ID:$USER_ID" "$root/home/$USER_NAME"
echo "desk" >"$root/etc/hostname"
printf '127.0.0.1\tlocalhost\n127.0.1.1\tdesk\n' >"$root/etc/hosts"
rm -rf "$root/var/cache/apt" "$root/var/lib/apt/lists" "$root/var/cache/debconf" "$root/var/log"
mkdir -p "$root/var/log"
