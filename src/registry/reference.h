// reference.h - image names, by docker's grammar (distribution/reference).
//
//     alpine                    docker.io/library/alpine:latest
//     ghcr.io/a/b:tag           ghcr.io/a/b:tag
//     localhost:5000/x@sha256:  by digest; a tag before it is kept for show
//     https://HOST/v2/NAME/manifests/TAG    the same, spelled as the registry's URL

#pragma once

#include <optional>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "base/string.h"

namespace kist::registry {

struct Reference {
    String host;        // "docker.io", "localhost:5000", "[::1]:5000"
    String repository;  // "library/alpine"
    String tag;         // "latest"; empty when only a digest was given
    std::optional<Digest> digest;
    bool plain_http = false;  // given as an http:// URL

    // EINVAL says which part breaks which rule.  "latest" is filled in when there is neither tag
    // nor digest.
    static Result<Reference> parse(std::string_view text);

    // In full: "docker.io/library/alpine:latest".
    String text() const;
    // As docker shows it: "alpine", "user/app", "ghcr.io/a/b"; without tag and digest.
    String familiar_name() const;
    // familiar_name() with ":tag" or "@digest".
    String familiar() const;
    // Where its API is: "registry-1.docker.io" for docker.io, else the host itself.
    String api_host() const;
};

}  // namespace kist::registry
