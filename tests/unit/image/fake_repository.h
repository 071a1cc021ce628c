// fake_repository.h - a registry in memory, and images to put into it.

#pragma once

#include <atomic>
#include <map>
#include <memory>

#include "archive/tar_builder.h"
#include "base/digest.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "registry/distribution.h"

namespace kist::image::test {

constexpr char kManifestType[] = "application/vnd.oci.image.manifest.v1+json";
constexpr char kIndexType[] = "application/vnd.oci.image.index.v1+json";

// A blob from memory.  It breaks off with an error after `breaks_at` bytes.
class MemoryBlob : public registry::Blob {
public:
    MemoryBlob(String bytes, size_t piece, size_t breaks_at)
        : bytes_(std::move(bytes)), piece_(piece), breaks_at_(breaks_at)
    {
    }
    Result<std::string_view> next() override
    {
        if (position_ >= breaks_at_)
            return Error(ECONNRESET, "the connection broke");
        std::string_view part = std::string_view(bytes_).substr(position_, piece_);
        position_ += part.size();
        return part;
    }
    uint64_t position() const override { return position_; }

private:
    String bytes_;
    size_t piece_, breaks_at_;
    std::atomic<size_t> position_ = 0;
};

class FakeRepository : public registry::Repository {
public:
    // Blobs and documents are kept by digest; documents by a tag too.
    Digest add_blob(const String& bytes)
    {
        Digest digest = Digest::of(bytes);
        blobs[digest.text()] = bytes;
        return digest;
    }
    Digest add_document(const String& text, const char* type, const String& tag = "")
    {
        Digest digest = Digest::of(text);
        documents[digest.text()] = {type, text, digest};
        if (!tag.empty())
            documents[tag] = {type, text, digest};
        return digest;
    }

    // An image of these archives; gives the digest of its manifest.
    Digest add_image(const Vector<String>& archives, const String& tag,
                     const String& extra = "\"os\":\"linux\",\"architecture\":\"amd64\"")
    {
        String layers, diff_ids;
        for (const String& archive : archives) {
            String digest = add_blob(archive).text();
            layers += str::format(
                "%s{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\","
                "\"digest\":\"%s\",\"size\":%zu}",
                layers.empty() ? "" : ",", digest.c_str(), archive.size());
            diff_ids += (diff_ids.empty() ? "\"" : ",\"") + digest + "\"";
        }
        config = "{" + extra + ",\"config\":{\"Cmd\":[\"sh\"]},\"rootfs\":{\"type\":\"layers\"," +
                 "\"diff_ids\":[" + diff_ids + "]}}";
        manifest_text = str::format(
            "{\"schemaVersion\":2,\"config\":{\"mediaType\":"
            "\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":%zu},"
            "\"layers\":[%s]}",
            add_blob(config).text().c_str(), config.size(), layers.c_str());
        return add_document(manifest_text, kManifestType, tag);
    }

    Result<registry::Document> manifest(const String& name) override
    {
        requests++;
        auto found = documents.find(name);
        if (found == documents.end())
            return Error(ENOENT, "no manifest %s", name.c_str());
        return found->second;
    }
    Result<std::unique_ptr<registry::Blob>> blob(const Digest& digest, uint64_t) override
    {
        requests++;
        auto found = blobs.find(digest.text());
        if (found == blobs.end())
            return Error(ENOENT, "no blob %s", digest.text().c_str());
        size_t breaks = digest == broken ? found->second.size() / 2 : SIZE_MAX;
        return std::unique_ptr<registry::Blob>(new MemoryBlob(found->second, piece, breaks));
    }

    std::map<String, String> blobs;
    std::map<String, registry::Document> documents;
    String config, manifest_text;  // of the last image
    Digest broken;                 // a blob that never comes whole
    size_t piece = 10'000;
    std::atomic<int> requests = 0;
};

// An archive of one file.
inline String layer(const String& name, const String& contents = "contents")
{
    return archive::test::file(name, contents) + archive::test::end();
}

}  // namespace kist::image::test
