// distribution.cpp - the registry's API: manifests, blobs and the way in.

#include "registry/distribution.h"

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/string.h"
#include "registry/api.h"
#include "registry/blob.h"

namespace kist::registry {

namespace {

constexpr int kManifestTries = 4;

constexpr const char* kManifestTypes[] = {kOciIndex, kOciManifest, kDockerList, kDockerManifest};

bool is_manifest_type(std::string_view type)
{
    for (const char* known : kManifestTypes)
        if (type == known)
            return true;
    return false;
}

// What registries and file servers say when they do not know better.
bool says_nothing(std::string_view type)
{
    return type.empty() || type == "application/json" || type == "text/plain" ||
           type == "application/octet-stream" || type == "binary/octet-stream";
}

struct Outline {
    String media_type;
    int schema = 0;
    json::Raw manifests;
    json::Raw layers;
    json::Raw fs_layers;
};
constexpr json::Field kOutline[] = {
    json::field<&Outline::media_type>("mediaType", json::optional),
    json::field<&Outline::schema>("schemaVersion", json::optional),
    json::field<&Outline::manifests>("manifests", json::optional),
    json::field<&Outline::layers>("layers", json::optional),
    json::field<&Outline::fs_layers>("fsLayers", json::optional),
};
std::span<const json::Field> fields_of(const Outline*)
{
    return kOutline;
}

// The media type of a manifest.  The header and the document must agree: what is an index to one
// reader and a manifest to another could be signed as the one and run as the other.
Result<String> type_of(const String& contents, std::string_view header)
{
    std::string_view content_type = str::trim(str::cut(header, ';'));
    Outline outline = TRY(json::parse<Outline>(contents));
    if (outline.schema == 1 || !outline.fs_layers.source.empty())
        return Error(EBADMSG, "it is of Docker's old format, schema 1, which kist does not read")
            .with_hint("have the image pushed again by a newer tool");
    String type = outline.media_type;
    if (type.empty() && !says_nothing(content_type))
        type = content_type;
    if (type.empty() && !outline.manifests.source.empty())
        type = kOciIndex;
    if (type.empty() && !outline.layers.source.empty())
        type = kOciManifest;
    if (!is_manifest_type(type))
        return Error(EBADMSG, "it is of type \"%s\", not a manifest or index of an image",
                     str::printable(type, 100).c_str());
    if (is_manifest_type(content_type) && content_type != type)
        return Error(EBADMSG, "it was sent as %s but calls itself %s", String(content_type).c_str(),
                     type.c_str());
    bool is_index = type == kOciIndex || type == kDockerList;
    if (!(is_index ? outline.layers : outline.manifests).source.empty())
        return Error(EBADMSG, "it is a manifest and an index at once");
    return type;
}

String accepted_types()
{
    String types;
    for (const char* type : kManifestTypes)
        types += (types.empty() ? "" : ", ") + String(type);
    return types;
}

class RemoteRepository : public Repository {
public:
    RemoteRepository(std::unique_ptr<Api> api, const Reference& reference)
        : api_(std::move(api)), reference_(reference)
    {
    }

    Result<Document> manifest(const String& name) override
    {
        bool by_digest = name.find(':') != name.npos;
        String shown = str::format("image %s%c%s", reference_.familiar_name().c_str(),
                                   by_digest ? '@' : ':', name.c_str());
        if (reference_.host == "docker.io")
            shown += " in docker.io/" + reference_.repository;
        Document document =
            TRY(fetch("/v2/" + reference_.repository + "/manifests/" + name, shown));
        if (by_digest) {
            Digest wanted = TRY(Digest::parse(name));
            if (document.digest != wanted)
                return Error(EBADMSG, "%s sends another manifest, %s, for %s", api_->host().c_str(),
                             document.digest.text().c_str(), shown.c_str());
        }
        return document;
    }

    Result<std::unique_ptr<Blob>> blob(const Digest& digest, uint64_t size) override
    {
        return open_blob(*api_, "/v2/" + reference_.repository + "/blobs/" + digest.text(), digest,
                         size);
    }

private:
    // Once more from the start when the connection breaks: a manifest is small.
    Result<Document> fetch(const String& path, const String& shown)
    {
        for (int tries = 1;; tries++) {
            auto response = TRY(api_->get(path, {{"Accept", accepted_types()}}));
            if (response->status() != 200)
                return api_->refusal(*response, shown);
            auto contents = read_body(*response, kMaxManifest);
            if (contents)
                return check(std::move(*contents), *response, shown);
            if (contents.error().is(EFBIG))
                return Error(EFBIG, "%s: the manifest of %s is larger than %zu bytes",
                             api_->host().c_str(), shown.c_str(), kMaxManifest);
            if (!is_broken_connection(contents.error()) || tries == kManifestTries)
                return std::move(contents).error().context("%s", api_->host().c_str());
        }
    }

    Result<Document> check(String contents, const Response& response, const String& shown)
    {
        Document document;
        document.digest = Digest::of(contents);
        // A registry names what it meant to send: a proxy or a disk may have changed it since.
        std::string_view header = str::trim(response.header("Docker-Content-Digest"));
        if (auto announced = Digest::parse(header); announced && *announced != document.digest)
            return Error(EBADMSG, "%s: the manifest of %s is damaged: it is %s instead of %s",
                         api_->host().c_str(), shown.c_str(), document.digest.text().c_str(),
                         announced->text().c_str());
        document.media_type =
            TRY(type_of(contents, response.header("Content-Type")),
                "%s: cannot use the manifest of %s", api_->host().c_str(), shown.c_str());
        document.contents = std::move(contents);
        return document;
    }

    std::unique_ptr<Api> api_;
    const Reference reference_;
};

Result<std::unique_ptr<Api>> make_api(std::unique_ptr<Client> client, const String& host,
                                      const String& api_host, bool plain_http, const String& scope,
                                      const Access& access)
{
    Url base = TRY(Url::from_authority(api_host, !plain_http));
    bool may_be_plain = base.is_loopback() || !access.tls_verify;
    if (plain_http && !may_be_plain)
        return Error(EINVAL, "%s: plain HTTP is for this machine only", host.c_str())
            .with_hint("write https://, or say --tls-verify=false if that is meant");
    Account account = {host, scope, access.credential, !access.tls_verify};
    std::optional<Url> plain;
    if (may_be_plain && !plain_http)
        plain = TRY(Url::from_authority(api_host, false));
    return std::make_unique<Api>(std::move(client), std::move(base), std::move(plain),
                                 std::move(account));
}

Result<std::unique_ptr<Client>> make_client(const Access& access)
{
    ClientOptions options;
    options.tls_verify = access.tls_verify;
    options.clock_file = access.clock_file;
    return Client::create(options);
}

}  // namespace

Result<std::unique_ptr<Repository>> Repository::over(std::unique_ptr<Client> client,
                                                     const Reference& reference,
                                                     const Access& access)
{
    auto api =
        TRY(make_api(std::move(client), reference.host, reference.api_host(), reference.plain_http,
                     "repository:" + reference.repository + ":pull", access));
    return std::unique_ptr<Repository>(
        std::make_unique<RemoteRepository>(std::move(api), reference));
}

Result<std::unique_ptr<Repository>> Repository::open(const Reference& reference,
                                                     const Access& access)
{
    Access complete = access;
    if (!complete.credential)
        complete.credential = TRY(find_credential(reference.host));
    return over(TRY(make_client(access)), reference, complete);
}

Result<void> try_login(const String& host, const Credential& credential, const Access& access)
{
    Access complete = access;
    complete.credential = credential;
    String api_host = host == "docker.io" ? "registry-1.docker.io" : host;
    auto client = TRY(make_client(access));
    auto api = TRY(make_api(std::move(client), host, api_host, false, "", complete));
    auto response = TRY(api->get("/v2/", {}));
    if (response->status() == 200)
        return {};
    if (response->status() == 404)
        return Error(ENOENT, "%s is not a registry: it has no /v2/", host.c_str());
    return api->refusal(*response, "registry itself");
}

}  // namespace kist::registry
