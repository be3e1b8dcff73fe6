# The guest's network: it looks like that of an ordinary desk, and every address of the world is this machine itself.
# What is sent to them comes to the gate (gate.py), which hands it to the server of the fake internet.
own4=192.168.1.23
own6=fd6b:2c41:9d10::23
gateway=192.168.1.1

network_addresses() {
  ip() { chroot /squash /bin/ip "$@"; }
  ip link set lo up
  ip link set dummy0 name eth0
  ip link set eth0 address 3c:52:82:6e:10:4f
  ip link set eth0 up
  ip address add $own4/24 broadcast + dev eth0
  ip address add $own6/64 dev eth0 nodad
  ip route add default via $gateway dev eth0
  ip route add local 0.0.0.0/0 dev lo src $own4
  # Longer than the route to the desk's own network, which would win otherwise.
  ip route add local 192.168.1.0/25 dev lo src $own4
  ip route add local 192.168.1.128/25 dev lo src $own4
  ip -6 route add local ::/0 dev lo src $own6
  echo "0 2147483647" >/proc/sys/net/ipv4/ping_group_range
  mkdir -p /space/layer/etc
  echo "nameserver $gateway" >/space/layer/etc/resolv.conf
}

# The server is out of the sample's reach: it sees the read-only root, its own program and the job.
network_server() {
  mkdir /internet/program
  cp -r /server /gate.py /internet/program
  mkfifo /internet/told /internet/answers
  mount --bind /internet/program /squash/media
  mount --bind /job /squash/srv
  (
    echo -1000 >/proc/self/oom_score_adj
    ulimit -n 4096
    exec chroot /squash /usr/bin/env -i PATH=/usr/bin:/bin LANG=C.UTF-8 /usr/bin/python3 -I /media/gate.py \
      /usr/bin/node --max-old-space-size=160 /media/server/internet/main.mjs /srv
  ) <>/internet/told 1<>/internet/answers 2>/dev/ttyS0 &
  read -r -t 120 word <>/internet/answers
  [ "$word" = listening ] || echo "BROKEN fake internet"
  network_trust
}

# Small package managers (packages/README.md) where programs look for the real ones, compiled already.
network_packages() {
  modules=/space/layer/usr/lib/node_modules/npm/lib
  mkdir -p $modules /space/layer/usr/bin
  cp /packages/*.py $modules
  for program in 'npm npm main(sys.argv[1:])' 'npx npm main(sys.argv[1:],"exec")' 'pip pip_main main(sys.argv[1:])' \
    'pip3 pip_main main(sys.argv[1:])' 'twine twine_main main(sys.argv[1:])'; do
    set -- $program
    printf '#!/usr/bin/python3 -IS\nimport sys\nsys.path.insert(0, "/usr/lib/node_modules/npm/lib")\nfrom %s import main\nsys.exit(%s)\n' \
      "$2" "$3" >"/space/layer/usr/bin/$1"
    chmod 755 "/space/layer/usr/bin/$1"
  done
  # As modules: python3 -m pip, python3 -m twine.
  for module in pip twine; do
    folder=/space/layer/usr/lib/python3/dist-packages/$module
    mkdir -p $folder
    : >$folder/__init__.py
    cp /space/layer/usr/bin/$module $folder/__main__.py
  done
  mkdir -p /space/layer/usr/lib/node_modules/npm/bin
  for name in npm npx; do
    printf '#!/usr/bin/env node\nrequire("child_process").spawnSync("/usr/bin/%s", process.argv.slice(2), { stdio: "inherit" });\n' $name \
      >/space/layer/usr/lib/node_modules/npm/bin/$name-cli.js
  done
  mount --bind /space/layer /squash/mnt
  chroot /squash /usr/bin/python3 -I -m compileall -q -s /mnt --invalidation-mode unchecked-hash /mnt/usr/lib/node_modules/npm/lib
  umount /squash/mnt
}

network_say() { echo "$1" 1<>/internet/told; }

# The guest's programs trust the fake internet's own authority.
network_trust() {
  network_say certificate
  while read -r -t 20 line; do
    echo "$line" >>/internet/authority
    case $line in *END*) break ;; esac
  done <>/internet/answers
  certificates=/space/layer/etc/ssl/certs
  mkdir -p $certificates
  cat /squash/etc/ssl/certs/ca-certificates.crt /internet/authority >$certificates/ca-certificates.crt
  hash=$(chroot /squash /usr/bin/openssl x509 -noout -hash </internet/authority)
  cp /internet/authority "$certificates/$hash.0"
  chmod 644 $certificates/*
}

# Programs that speak with it, and the server itself, have done everything once before the machine is saved.
network_warm() {
  warm curl -s http://example.org/
  warm curl -sk https://example.org/install.sh
  warm wget -q -O - http://example.org/
  warm nslookup example.org
  warm python3 -c 'import urllib.request, ssl; urllib.request.urlopen("https://example.org/", context=ssl._create_unverified_context()).read()'
  # With the layer over the root, as a run has it, and once with a package to install.
  network_warm_packages
  warm node -e 'process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0"; require("https").get("https://registry.npmjs.org/-/ping", (answer) => answer.resume())'
}

network_warm_packages() {
  mkdir -p /job/internet/files /warm/package /space/rehearsal /space/rehearsal-work
  echo '{"name":"warm","version":"1.0.0","scripts":{"postinstall":"true"}}' >/warm/package/package.json
  tar -cz -C /warm package >/job/internet/files/0
  echo '{"packages":[{"ecosystem":"npm","name":"warm","version":"1.0.0","owners":[],"fileName":"warm-1.0.0.tgz","file":"files/0"}]}' \
    >/job/internet/registry.json
  network_start
  mount -t overlay overlay -o lowerdir=/space/layer:/squash,upperdir=/space/rehearsal,workdir=/space/rehearsal-work /newroot
  mount --bind /box /newroot/dev
  mount -t proc proc /newroot/proc
  for words in 'npm install warm' 'pip install warm' 'python3 -c "import setuptools"'; do
    chroot /newroot /usr/bin/env -i PATH=/usr/bin:/bin HOME=/tmp LANG=C.UTF-8 /bin/sh -c "cd /tmp && $words" </dev/null >/dev/null 2>&1
  done
  umount /newroot/proc /newroot/dev /newroot
  rm -rf /job/internet /warm /space/rehearsal /space/rehearsal-work
}

# The job lies ready: the server takes the registry's packages from it and forgets what was before.
network_start() {
  network_say start
  read -r -t 20 word <>/internet/answers
}

# Everything that the server has recorded, for the host.
network_collect() {
  network_say end
  read -r -t 20 word size <>/internet/answers
  [ "$word" = ready ] && timeout 30 head -c "$size" <>/internet/answers
}
