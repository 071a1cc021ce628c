// anchors.cpp - the search for trusted certificates.

#include "registry/anchors.h"

#include <cstdlib>

#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::registry {

namespace {

constexpr size_t kMaxBundle = 8 << 20;
constexpr size_t kMaxFound = 64;

// Where distributions keep the bundle of all authorities.
constexpr const char* kBundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",  // Debian, Alpine, Arch, OpenWrt, buildroot
    "/etc/pki/tls/certs/ca-bundle.crt",    // Fedora, Yocto
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL
    "/etc/ssl/ca-bundle.pem",                             // openSUSE
    "/etc/ssl/cert.pem",                                  // Alpine without ca-certificates
};

constexpr const char* kSystemDirectories[] = {
    "/etc/kist/certs.d",
    "/etc/docker/certs.d",
    "/etc/containers/certs.d",
};

const char* environment(const char* name)
{
    const char* value = ::getenv(name);
    return value && *value ? value : nullptr;
}

bool is_wanted(const Certificate& candidate, const Vector<Certificate>& chain)
{
    for (const Certificate& certificate : chain)
        if (certificate.issuer == candidate.subject)
            return true;
    return !chain.empty() && chain.front().der == candidate.der;
}

void search_directory(const String& directory, const Vector<Certificate>& chain,
                      Vector<Certificate>& found)
{
    auto opened = sys::open(directory, O_RDONLY | O_DIRECTORY);
    if (!opened)
        return;
    auto names = fs::list(*opened);
    if (!names)
        return;
    for (const String& name : *names) {
        String file = path::join(directory, name);
        if (name.ends_with(".cert"))
            log::debug("%s: certificates for clients are not supported", file.c_str());
        if (!name.ends_with(".crt"))
            continue;
        auto some = search_bundle(file, chain);
        if (!some) {
            log::warn("%s", some.error().message().c_str());
            continue;
        }
        for (Certificate& certificate : *some)
            found.push_back(std::move(certificate));
    }
}

}  // namespace

AnchorPlaces AnchorPlaces::of_this_machine()
{
    AnchorPlaces places;
    if (const char* file = environment("SSL_CERT_FILE"))
        places.replacement = file;
    for (const char* bundle : kBundles)
        places.bundles.emplace_back(bundle);

    const char* home = environment("HOME");
    if (const char* config = environment("XDG_CONFIG_HOME"))
        places.directories.push_back(path::join(config, "kist/certs.d"));
    else if (home)
        places.directories.push_back(path::join(home, ".config/kist/certs.d"));
    if (home) {
        places.directories.push_back(path::join(home, ".config/containers/certs.d"));
        places.directories.push_back(path::join(home, ".docker/certs.d"));
    }
    for (const char* directory : kSystemDirectories)
        places.directories.emplace_back(directory);
    return places;
}

String AnchorPlaces::advice(const Url& host) const
{
    String directory = directories.empty() ? kSystemDirectories[0] : directories.front();
    return path::join(directory, host.authority());
}

Result<Vector<Certificate>> search_bundle(const String& file, const Vector<Certificate>& chain)
{
    String contents = TRY(fs::read_path(file, kMaxBundle), "cannot read certificates");
    Vector<Certificate> found;
    std::string_view rest = contents;
    while (!rest.empty() && found.size() < kMaxFound) {
        auto der = next_certificate(rest);
        if (der && der->empty())
            break;
        auto certificate =
            der ? Certificate::parse(der.take()) : Result<Certificate>(std::move(der).error());
        if (!certificate)
            log::debug("%s: %s", file.c_str(), certificate.error().message().c_str());
        else if (is_wanted(*certificate, chain))
            found.push_back(certificate.take());
    }
    log::debug("%s: %zu certificates of use here", file.c_str(), found.size());
    return found;
}

Vector<Certificate> search_directories(const AnchorPlaces& places, const Url& host,
                                       const Vector<Certificate>& chain)
{
    Vector<Certificate> found;
    for (const String& directory : places.directories) {
        search_directory(path::join(directory, host.host_and_port()), chain, found);
        if (host.authority() != host.host_and_port())
            search_directory(path::join(directory, host.authority()), chain, found);
    }
    return found;
}

}  // namespace kist::registry
