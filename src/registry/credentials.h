// credentials.h - names and passwords of registries, in docker's config.json.
//
// The file is $DOCKER_CONFIG/config.json, or ~/.docker/config.json.  Only "auths" is ours: all
// other members are kept as they are when the file is written (mode 0600, replaced atomically).

#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace kist::registry {

struct Credential {
    std::string user;
    std::string password;
    std::string identity_token;  // a refresh token, instead of a password
};

// What is kept for `host` ("docker.io" is filed as "https://index.docker.io/v1/", as docker does).
// Nothing kept is not an error; a file that is not JSON is.  A credential helper named for the host
// ("credHelpers", "credsStore") is said to be unsupported, once, when nothing else is found.
Result<std::optional<Credential>> find_credential(const std::string& host);
Result<void> keep_credential(const std::string& host, const Credential& credential);
// False when there was nothing to forget.
Result<bool> forget_credential(const std::string& host);
// Where the file is.
std::string credentials_path();

}  // namespace kist::registry
