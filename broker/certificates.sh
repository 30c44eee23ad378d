#!/bin/sh
# A certificate authority and certificates for a broker, central and three lines, to try things out: certificates.sh FOLDER [HOST]
# Not for production: there the authority's key lies with somebody who is asked for each certificate.
set -eu
folder=${1:?certificates.sh FOLDER [HOST]}
host=${2:-127.0.0.1}
days=${DAYS:-365}
mkdir -p "$folder"
cd "$folder"
umask 077

authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days "$days" -subj "/CN=sealline demo authority" \
        -addext "basicConstraints=critical,CA:TRUE" -keyout ca.key -out ca.crt 2>/dev/null
}

# certificate NAME EXTENSION…
certificate() {
    name=$1
    shift
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$name" -keyout "$name.key" -out "$name.csr" 2>/dev/null
    printf '%s\n' "$@" >"$name.ext"
    openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days "$days" -extfile "$name.ext" -out "$name.crt" 2>/dev/null
    rm "$name.csr" "$name.ext"
}

[ -e ca.key ] || authority
certificate broker "subjectAltName=IP:127.0.0.1,DNS:localhost,$(case $host in *[!0-9.]*) echo DNS ;; *) echo IP ;; esac):$host" "extendedKeyUsage=serverAuth"
for name in central line-1 line-2 line-3; do
    certificate "$name" "extendedKeyUsage=clientAuth"
done
