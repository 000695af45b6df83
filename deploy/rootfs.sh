#!/usr/bin/env bash
# Makes the file system of the image: PROGRAM, the libraries that it is linked with, the libraries by which names are
# resolved, the authorities of the web, and a user without rights.
#
#   deploy/rootfs.sh PROGRAM FOLDER
set -euo pipefail

[[ $# -eq 2 ]] || { echo "usage: deploy/rootfs.sh PROGRAM FOLDER" >&2; exit 2; }
program="$1"
folder="$2"

mkdir -p "$folder/etc/ssl/certs" "$folder/tmp"
chmod 1777 "$folder/tmp"
install -m 755 "$program" "$folder/databases-apiserver"

# Every library by its own path, the loader among them.
libraries="$(ldd "$program" | grep -o '/[^ ]*')"
libc="$(grep -m1 '/libc\.so' <<<"$libraries")"
for library in $libraries "$(dirname "$libc")"/libnss_{dns,files}.so.2 "$(dirname "$libc")/libresolv.so.2"; do
  [[ -e "$library" ]] && install -D -m 755 "$(readlink -f "$library")" "$folder$library"
done

cp /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/ca-certificates.crt"
echo 'hosts: files dns' >"$folder/etc/nsswitch.conf"
echo 'nonroot:x:65532:65532:nonroot:/:/sbin/nologin' >"$folder/etc/passwd"
echo 'nonroot:x:65532:' >"$folder/etc/group"
