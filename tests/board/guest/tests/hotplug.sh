# hotplug.sh - a device that was unplugged and plugged in again, now with another number behind its by-id link, is in
# the container that runs, and can be opened there.
out=/data/results/$who-hotplug
mkdir -p "$out"
chmod 777 "$out"

# plug NUMBER: the kernel makes a node, and what udev does follows a moment later.
plug() {
    modprobe loop
    eventually 5 test -b "/dev/loop$1"
    sleep 0.5
    chmod 666 "/dev/loop$1"
    ln -sf "/dev/loop$1" /dev/disk-by-id
}
# What the container has: number, and whether it can be opened.
looks='while usleep 200000; do
    { stat -c %t:%T /dev/disk; (exec < /dev/disk) && echo opened; } 2>&1 | tr "\n" " " > /out/new
    mv /out/new /out/now
done'

plug 0
k run -d --name watcher --device /dev/disk-by-id:/dev/disk -v "$out:/out" "$image" sh -c "$looks" > /dev/null
says() { [ "$(cat "$out/now")" = "$1 " ]; }
eventually 10 says "7:0 opened"
modprobe -r loop
unplugged() { ! grep -q opened "$out/now"; }
eventually 10 unplugged
plug 1
eventually 10 says "7:1 opened"
# And once more, with the number that it had at first.
modprobe -r loop
eventually 10 unplugged
plug 0
eventually 10 says "7:0 opened"
k rm -f watcher > /dev/null
rm /dev/disk-by-id
