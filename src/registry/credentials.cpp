// credentials.cpp - names and passwords of registries, in docker's config.json.
//
// The file belongs to docker as much as to us, so it is never written from what we understood of
// it: a new "auths" takes the place of the old one in the text, and all around it stays as it was.

#include "registry/credentials.h"

#include <unistd.h>

#include <cstdlib>

#include "base/base64.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "base/path.h"
#include "base/string.h"

namespace kist::registry {

namespace {

constexpr size_t kMaxConfig = 1 << 20;
constexpr const char* kHubKey = "https://index.docker.io/v1/";
// A user of this name has a token for a password; credential helpers write it so.
constexpr std::string_view kTokenUser = "<token>";

struct Entry {
    String auth;  // base64 of "user:password"
    String user;
    String password;
    String identity_token;
};
constexpr json::Field kEntry[] = {
    json::field<&Entry::auth>("auth", json::optional),
    json::field<&Entry::user>("username", json::optional),
    json::field<&Entry::password>("password", json::optional),
    json::field<&Entry::identity_token>("identitytoken", json::optional),
};
std::span<const json::Field> fields_of(const Entry*)
{
    return kEntry;
}

String variable(const char* name)
{
    const char* value = ::getenv(name);
    return value ? value : "";
}

// The host that a key of "auths" is about: keys are hosts, or URLs as docker once wrote them.
std::string_view host_of(std::string_view key)
{
    for (std::string_view scheme : {"https://", "http://"})
        if (key.starts_with(scheme))
            key.remove_prefix(scheme.size());
    std::string_view host = str::cut(key, '/');
    if (host == "index.docker.io" || host == "registry-1.docker.io")
        return "docker.io";
    return host;
}

bool is_about(std::string_view key, const String& host)
{
    // podman files entries by "host/repository" too; those are not the host's.
    if (key.find("://") == key.npos && key.find('/') != key.npos)
        return false;
    return host_of(key) == host_of(host);
}

// The last entry about `host` that says something.
Result<std::optional<Entry>> find_entry(const json::Node& auths, const String& host,
                                        bool& is_listed)
{
    std::optional<Entry> found;
    for (const json::Member& member : TRY(auths.members())) {
        if (!is_about(member.name, host) || member.value.is_null())
            continue;
        Entry entry;
        TRY(json::read(member.value, entry));
        is_listed = true;
        if (!entry.auth.empty() || !entry.user.empty() || !entry.identity_token.empty())
            found = std::move(entry);
    }
    return found;
}

Result<Credential> to_credential(Entry entry)
{
    if (!entry.auth.empty()) {
        String pair = TRY(base64::decode(entry.auth), "auth");
        size_t colon = pair.find(':');
        if (colon == pair.npos)
            return Error(EBADMSG, "auth: expected base64 of \"user:password\"");
        entry.user = pair.substr(0, colon);
        entry.password = pair.substr(colon + 1);
        while (entry.password.ends_with('\0'))  // docker once padded them
            entry.password.pop_back();
    }
    if (entry.user == kTokenUser)
        entry.identity_token = std::exchange(entry.password, "");
    return Credential{std::move(entry.user), std::move(entry.password),
                      std::move(entry.identity_token)};
}

// Says that the file leaves this host to a program, when it does.
void mention_helper(const json::Node& root, const String& path, const String& host, bool is_listed)
{
    String helper;
    if (auto helpers = root.find("credHelpers"))
        if (auto name = helpers->find(host); name && name->is_string())
            helper = name->text() ? name->text().take() : "";
    if (auto store = root.find("credsStore"); store && store->is_string() && is_listed)
        if (helper.empty())
            helper = store->text() ? store->text().take() : "";
    if (!helper.empty())
        log::warn(
            "%s leaves the credentials of %s to docker-credential-%s, which kist does not "
            "run; use: kist login %s",
            path.c_str(), host.c_str(), str::printable(helper, 40).c_str(), host.c_str());
}

Result<String> read_config(const String& path)
{
    auto text = fs::read_path(path, kMaxConfig);
    if (!text && (text.error().is(ENOENT) || text.error().is(ENOTDIR)))
        return String();
    return text;
}

Error cannot_use(Error error, const String& path)
{
    return std::move(error)
        .context("cannot use %s", path.c_str())
        .with_hint("mend the file, or move it away");
}

String podman_path()
{
    String path = variable("REGISTRY_AUTH_FILE");
    String runtime = variable("XDG_RUNTIME_DIR");
    if (path.empty() && !runtime.empty())
        path = path::join(runtime, "containers/auth.json");
    return path;
}

String entry_of(const Credential& credential)
{
    bool has_token = !credential.identity_token.empty();
    String pair = credential.user + ":" + (has_token ? "" : credential.password);
    String entry = "{\n\t\t\t\"auth\": " + json::quote(base64::encode(pair));
    if (has_token)
        entry += ",\n\t\t\t\"identitytoken\": " + json::quote(credential.identity_token);
    return entry + "\n\t\t}";
}

// Writes the file anew with `entry` for `host`; true when there was one before.
Result<bool> file_entry(const String& host, const String& entry)
{
    String path = credentials_path();
    if (path.empty())
        return Error(ENOENT, "no place for credentials: HOME is not set")
            .with_hint("set DOCKER_CONFIG to a directory of yours");
    if (auto file = sys::open(path, O_PATH))  // of a symbolic link the target: it stays one
        path = TRY(sys::path_of(*file));
    Fd directory = TRY(fs::make_directories(String(path::directory(path)), 0700));
    TRY(sys::lock(directory, sys::Lock::exclusive), "%s", path.c_str());

    String config = TRY(read_config(path));
    bool removed = false;
    auto changed = with_entry(config, host, entry, removed);
    if (!changed)
        return cannot_use(std::move(changed).error(), path);
    if (!entry.empty() || removed)
        TRY(fs::replace(directory, String(path::base(path)), *changed, 0600), "cannot write %s",
            path.c_str());
    return removed;
}

}  // namespace

Result<String> with_entry(String config, const String& host, const String& entry, bool& removed)
{
    if (str::trim(config).empty())
        config = "{}\n";
    json::Document document = TRY(json::Document::parse(config));
    json::Node root = document.root();
    if (!root.is_object())
        return root.expected("an object");

    String auths;
    auto add = [&](const String& key, std::string_view value) {
        auths += (auths.empty() ? "{\n\t\t" : ",\n\t\t") + json::quote(key) + ": ";
        auths += value;
    };
    std::optional<json::Node> old;  // the last of that name, as readers take it; may be null
    for (const json::Member& member : TRY(root.members()))
        if (member.name == "auths")
            old = member.value;
    if (old && !old->is_null())
        for (const json::Member& member : TRY(old->members())) {
            if (is_about(member.name, host))
                removed = true;
            else
                add(member.name, member.value.source());
        }
    if (!entry.empty())
        add(host_of(host) == "docker.io" ? kHubKey : String(host_of(host)), entry);
    auths += auths.empty() ? "{}" : "\n\t}";

    if (old) {
        std::string_view before = old->source();
        return config.replace(
            static_cast<size_t>(before.data() - root.source().data()) + config.find('{'),
            before.size(), auths);
    }
    bool alone = TRY(root.members()).empty();
    return config.insert(config.find('{') + 1, "\n\t\"auths\": " + auths + (alone ? "\n" : ","));
}

Result<std::optional<Credential>> credential_in(String config, const String& path,
                                                const String& host)
{
    std::optional<Credential> credential;
    if (str::trim(config).empty())
        return credential;
    json::Document document = TRY(json::Document::parse(std::move(config)));
    json::Node root = document.root();
    bool is_listed = false;
    if (auto auths = root.find("auths"))
        if (auto entry = TRY(find_entry(*auths, host, is_listed)))
            credential = TRY(to_credential(std::move(*entry)), "auths.%s", host.c_str());
    if (!credential)
        mention_helper(root, path, host, is_listed);
    return credential;
}

Result<std::optional<Credential>> find_credential(const String& host)
{
    for (const String& path : {credentials_path(), podman_path()}) {
        if (path.empty())
            continue;
        String config = TRY(read_config(path), "cannot read credentials");
        auto found = credential_in(std::move(config), path, host);
        if (!found)
            return cannot_use(std::move(found).error(), path);
        if (*found)
            return found;
    }
    return std::optional<Credential>();
}

Result<void> keep_credential(const String& host, const Credential& credential)
{
    if (credential.user.find(':') != String::npos)
        return Error(EINVAL, "a user name with a colon cannot be filed");
    TRY(file_entry(host, entry_of(credential)));
    return {};
}

Result<bool> forget_credential(const String& host)
{
    return file_entry(host, "");
}

String credentials_path()
{
    String directory = variable("DOCKER_CONFIG");
    if (directory.empty()) {
        String home = variable("HOME");
        if (home.empty() && ::geteuid() == 0)
            home = "/root";
        if (home.empty())
            return "";
        directory = path::join(home, ".docker");
    }
    return path::join(directory, "config.json");
}

}  // namespace kist::registry
