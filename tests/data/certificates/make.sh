#!/bin/sh
# make.sh - makes the certificates beside it, for the tests of src/registry/trust.  Needs openssl.
#
# Their dates are far apart so that they need not be made again: valid from 2020 to 2120, except those
# that are about dates.  All keys are for tests and worth nothing.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

key() { # NAME [openssl genpkey option...]
    name=$1
    shift
    [ $# -gt 0 ] || set -- -algorithm EC -pkeyopt ec_paramgen_curve:P-256
    openssl genpkey "$@" -out "$work/$name.key" 2> /dev/null
}

# certificate NAME ISSUER CN START END [EXTENSION...]: ISSUER is NAME itself for a self-signed one.
# $sign holds more options for the signature.
certificate() {
    name=$1 issuer=$2 common=$3 start=$4 end=$5
    shift 5
    [ -e "$work/$name.key" ] || key "$name"
    printf '%s\n' "$@" > "$work/extensions"
    openssl req -new -key "$work/$name.key" -subj "/O=kist tests/CN=$common" -out "$work/request"
    : > "$work/index"
    echo "unique_subject = no" > "$work/index.attr"
    cat > "$work/config" << END
[ca]
default_ca = it
[it]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = ${digest:-sha256}
policy = any
[any]
organizationName = optional
commonName = optional
END
    if [ "$issuer" = "$name" ]; then
        set -- -selfsign -keyfile "$work/$name.key"
    else
        set -- -cert "$issuer.pem" -keyfile "$work/$issuer.key"
    fi
    # shellcheck disable=SC2086
    openssl ca -batch -notext -config "$work/config" "$@" ${sign:-} -in "$work/request" \
        -startdate "$start" -enddate "$end" -extfile "$work/extensions" -out "$name.pem" 2> "$work/log" ||
        { cat "$work/log"; exit 1; }
}

from=20200101000000Z
until=21200101000000Z
ca='basicConstraints = critical, CA:TRUE'
names='subjectAltName = DNS:registry.example, DNS:*.wild.example, DNS:localhost, IP:127.0.0.1, IP:::1'

certificate ca ca "Test authority" $from $until "$ca"
certificate server ca "Server" $from $until "$names"
cp "$work/server.key" server.key
certificate other-ca other-ca "Other authority" $from $until "$ca"
certificate intermediate ca "Intermediate" $from $until "$ca"
certificate below intermediate "Below" $from $until "$names"
certificate expired ca "Expired" $from 20210101000000Z "$names"
certificate future ca "Future" 21100101000000Z $until "$names"
certificate nameless ca "registry.example" $from $until "basicConstraints = CA:FALSE"
certificate for-clients ca "For clients" $from $until "$names" "extendedKeyUsage = clientAuth"
certificate self self "Self-signed" $from $until "$names" "basicConstraints = CA:FALSE"
certificate self-ca self-ca "Self-signed authority" $from $until "$names" "$ca"
certificate impostor-ca impostor-ca "Test authority" $from $until "$ca"
certificate impostor impostor-ca "Impostor" $from $until "$names"
certificate not-ca ca "No authority" $from $until "basicConstraints = CA:FALSE"
certificate below-not-ca not-ca "Below no authority" $from $until "$names"
certificate constrained ca "Constrained" $from $until "$ca" "nameConstraints = critical, permitted;DNS:example"
certificate below-constrained constrained "Below constrained" $from $until "$names"
limits='permitted;DNS:example, permitted;IP:127.0.0.0/255.0.0.0, excluded;DNS:wild.example'
certificate limited ca "Limited" $from $until "$ca" "nameConstraints = $limits"
certificate below-limited limited "Below limited" $from $until "$names"
certificate critical ca "Critical" $from $until "$names" "1.2.3.4 = critical, ASN1:NULL"
key p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
certificate p384 ca "P-384" $from $until "$names"

key rsa-ca -algorithm RSA -pkeyopt rsa_keygen_bits:2048
certificate rsa-ca rsa-ca "RSA authority" $from $until "$ca"
certificate below-rsa rsa-ca "Below RSA" $from $until "$names"
sign="-sigopt rsa_padding_mode:pss" certificate pss rsa-ca "PSS" $from $until "$names"
key small -algorithm RSA -pkeyopt rsa_keygen_bits:1024
certificate small ca "Small" $from $until "$names"
key large-ca -algorithm RSA -pkeyopt rsa_keygen_bits:8192
certificate large-ca large-ca "Large authority" $from $until "$ca"
certificate below-large large-ca "Below large" $from $until "$names"
key ed25519 -algorithm ED25519
certificate ed25519 ca "Ed25519" $from $until "$names"
digest=sha1 certificate sha1 ca "SHA-1" $from $until "$names"
