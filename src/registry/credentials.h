// credentials.h - names and passwords of registries, in docker's config.json.
//
// The file is $DOCKER_CONFIG/config.json, or ~/.docker/config.json.  Only "auths" is ours: all
// other members are kept byte for byte when the file is written (mode 0600, replaced atomically, a
// symbolic link stays one).  Passwords are encoded in it, not encrypted: see
// docs/formats/credentials.md.
//
// What is not found there is looked for, never written, in podman's file of the same form:
// $REGISTRY_AUTH_FILE, or $XDG_RUNTIME_DIR/containers/auth.json.

#pragma once

#include <optional>

#include "base/result.h"
#include "base/string.h"

namespace kist::registry {

struct Credential {
    String user;
    String password;
    String identity_token;  // a refresh token, instead of a password
};

// What is kept for `host` ("docker.io" is filed as "https://index.docker.io/v1/", as docker does).
// Nothing kept is not an error; a file that is not JSON, or an entry that cannot be understood, is
// EBADMSG.  A credential helper named for the host ("credHelpers", "credsStore") is said to be
// unsupported, once, when nothing else is found.
Result<std::optional<Credential>> find_credential(const String& host);
// Files `credential` instead of what was there.  Kist commands that do so at once wait for each
// other.
Result<void> keep_credential(const String& host, const Credential& credential);
// False when there was nothing to forget.
Result<bool> forget_credential(const String& host);
// Where the file is; "" when neither DOCKER_CONFIG nor HOME is set (and the user is not root).
String credentials_path();

// The text of a config.json with `entry` (JSON, or "" for none) filed for `host`, and everything
// but "auths" as it was.  `removed` says whether there was an entry before.
Result<String> with_entry(String config, const String& host, const String& entry, bool& removed);
// What a config.json, named `path` in errors, says about `host`.
Result<std::optional<Credential>> credential_in(String config, const String& path,
                                                const String& host);

}  // namespace kist::registry
