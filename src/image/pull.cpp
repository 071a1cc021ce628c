// pull.cpp - from a registry into the store.
//
// resolve   name -> index -> manifest of the platform -> configuration, each verified
// claim     a file in staging tells `rmi` and `prune` which layers this pull counts on
// layers    those that are missing, several at a time (layer_pull.cpp)
// commit    the image's two documents, then its names

#include "image/pull.h"

#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "image/commit.h"
#include "image/layer_pull.h"
#include "image/layout.h"
#include "image/manifest.h"
#include "image/pull_from.h"
#include "image/thread.h"

namespace kist::image {

namespace {

constexpr int kMaxNesting = 3;  // indexes in indexes
constexpr unsigned kMaxParallel = 16;

// All that is to know about an image before its layers come.
struct Resolved {
    Digest named;  // what the reference meant: an index or a manifest
    Digest id;
    String manifest_text, config_text;
    Manifest manifest;
    Config config;
};

void say(const PullOptions& options, const String& line)
{
    if (options.progress)
        options.progress->said(line);
}

Result<registry::Document> fetch_document(registry::Repository& repository, const String& name,
                                          const std::optional<Digest>& expected)
{
    registry::Document document = TRY(repository.manifest(name));
    document.digest = Digest::of(document.contents);
    if (expected && document.digest != *expected)
        return Error(EBADMSG, "the registry sent a manifest with digest %s instead of %s",
                     document.digest.text().c_str(), expected->text().c_str());
    return document;
}

Result<String> fetch_config(registry::Repository& repository, const Descriptor& descriptor)
{
    auto blob = TRY(repository.blob(descriptor.digest, descriptor.size));
    String text;
    for (;;) {
        std::string_view bytes = TRY(blob->next());
        if (bytes.empty())
            break;
        if (text.size() + bytes.size() > kMaxConfig)
            return Error(EBADMSG, "it has more than %zu bytes", kMaxConfig);
        text += bytes;
    }
    if (text.size() != descriptor.size)
        return Error(EBADMSG, "it has %zu bytes instead of %llu", text.size(),
                     static_cast<unsigned long long>(descriptor.size));
    if (Digest found = Digest::of(text); found != descriptor.digest)
        return Error(EBADMSG, "what the registry sent has another digest, %s",
                     found.text().c_str());
    return text;
}

// From the document that the reference names to the configuration.
Result<Resolved> resolve(registry::Repository& repository, registry::Document document,
                         const Platform& wanted, bool explicitly)
{
    Resolved resolved = {.named = document.digest};
    bool chosen = false;
    for (int nesting = 0; TRY(is_index(document.media_type, document.contents)); nesting++) {
        if (nesting == kMaxNesting)
            return Error(EBADMSG, "its index leads from index to index");
        Descriptor entry = TRY(choose(std::move(document.contents), wanted));
        document = TRY(fetch_document(repository, entry.digest.text(), entry.digest));
        chosen = true;
    }
    resolved.manifest_text = document.contents;
    resolved.manifest = TRY(Manifest::parse(std::move(document.contents)), "manifest %s",
                            document.digest.text().c_str());
    const Descriptor& config = resolved.manifest.config;
    resolved.id = config.digest;
    resolved.config_text =
        TRY(fetch_config(repository, config), "configuration %s", config.digest.text().c_str());
    resolved.config =
        TRY(Config::parse(resolved.config_text), "configuration %s", config.digest.text().c_str());
    if (!chosen)
        TRY(check_platform(wanted, explicitly, resolved.config.platform));
    size_t layers = resolved.manifest.layers.size(), diff_ids = resolved.config.diff_ids.size();
    if (layers != diff_ids)
        return Error(EBADMSG, "its manifest has %zu layers, but its configuration %zu", layers,
                     diff_ids);
    return resolved;
}

// The image that `reference` names already, when that is `digest` and was chosen for `platform`.
std::optional<Image> present(const Store& store, const registry::Reference& reference,
                             const Digest& digest, const Platform& platform)
{
    auto record = read_record(store.directory(), full_name(reference));
    if (!record || !*record || (*record)->digest != digest ||
        (*record)->platform != platform.text())
        return {};
    auto image = store.find((*record)->reference);
    if (!image)
        return {};
    return image.take();
}

// The layers of one pull, and the threads that work on them.
class Batch {
public:
    Batch(PullContext& context, const Resolved& resolved) : context_(context)
    {
        const Vector<Digest>& diff_ids = resolved.config.diff_ids;
        for (size_t i = 0; i < diff_ids.size(); i++) {
            bool repeated = false;
            for (const LayerJob& job : jobs_)
                repeated |= job.diff_id == diff_ids[i];
            if (!repeated)
                jobs_.push_back({i, resolved.manifest.layers[i], diff_ids[i]});
        }
    }

    Result<void> run(unsigned parallel)
    {
        auto body = [this] { work(); };
        Vector<Thread> threads;
        size_t count = std::min<size_t>(std::min(parallel, kMaxParallel), jobs_.size());
        for (size_t i = 0; i < count; i++) {
            auto thread = Thread::start(body);
            if (!thread && i == 0)
                return std::move(thread).error();
            if (!thread)
                break;  // fewer will do
            threads.push_back(thread.take());
        }
        for (Thread& thread : threads)
            thread.join();
        if (failed_)
            return std::move(*failed_);
        return {};
    }

private:
    // The largest first: a large one that began last would end long after the others.
    LayerJob* take()
    {
        std::lock_guard guard(mutex_);
        LayerJob* best = nullptr;
        for (LayerJob& job : jobs_)
            if (!job.taken && (!best || job.blob.size > best->blob.size))
                best = &job;
        if (best)
            best->taken = true;
        return failed_ ? nullptr : best;
    }

    void work()
    {
        while (const LayerJob* job = take()) {
            auto done = pull_layer(context_, *job);
            if (done)
                continue;
            context_.cancelled = true;
            std::lock_guard guard(mutex_);
            if (!failed_ || failed_->is(ECANCELED))
                failed_ =
                    std::move(done).error().context("layer %s", job->blob.digest.text().c_str());
            return;
        }
    }

    PullContext& context_;
    Vector<LayerJob> jobs_;
    std::mutex mutex_;
    std::optional<Error> failed_;
};

// The digest is a name too, so that the image is found by it when the tag has moved on.
Vector<Record> names_of(const registry::Reference& reference, const Resolved& resolved,
                        const Platform& platform)
{
    registry::Reference by_digest = reference;
    by_digest.digest = resolved.named;
    Record record = {full_name(by_digest), resolved.id, resolved.named, platform.text()};
    Vector<Record> names = {record};
    record.reference = full_name(reference);
    if (!reference.digest)
        names.push_back(record);
    return names;
}

// docker's last words.
void say_status(const PullOptions& options, const registry::Reference& reference,
                const Digest& digest, const char* status)
{
    if (!options.progress)
        return;
    options.progress->ended("Digest: " + digest.text());
    options.progress->ended(str::format("Status: %s for %s", status, reference.familiar().c_str()));
}

}  // namespace

Result<Image> pull_from(Store& store, registry::Repository& repository,
                        const registry::Reference& reference, const PullOptions& options,
                        bool overlap)
{
    Platform platform = options.platform ? *options.platform : Platform::host();
    auto up_to_date = [&](const Digest& digest) {
        auto image = present(store, reference, digest, platform);
        if (image)
            say_status(options, reference, digest, "Image is up to date");
        return image;
    };
    if (reference.digest)
        if (auto image = up_to_date(*reference.digest))
            return std::move(*image);

    String name = reference.digest ? reference.digest->text() : reference.tag;
    say(options, str::format("%s: Pulling from %s", name.c_str(), reference.repository.c_str()));
    registry::Document document = TRY(fetch_document(repository, name, reference.digest));
    if (auto image = up_to_date(document.digest))
        return std::move(*image);

    Resolved resolved =
        TRY(resolve(repository, std::move(document), platform, options.platform.has_value()));
    Claim claim = TRY(Claim::make(store, resolved.config.diff_ids));
    PullContext context = {.store = store,
                           .repository = repository,
                           .progress = options.progress,
                           .layers = resolved.manifest.layers.size(),
                           .overlap = overlap};
    TRY(Batch(context, resolved).run(options.parallel));
    ImageFiles files = {resolved.id, resolved.config_text, resolved.manifest_text};
    TRY(commit_image(store, claim.directory(), files, names_of(reference, resolved, platform)));
    say_status(options, reference, resolved.named, "Downloaded newer image");
    return store.find(full_name(reference));
}

Result<Image> pull(Store& store, const registry::Reference& reference, const PullOptions& options)
{
    registry::Access access = options.access;
    if (access.clock_file.empty())
        access.clock_file = store.path() + "/clock";
    auto repository = TRY(registry::Repository::open(reference, access));
    return TRY(pull_from(store, *repository, reference, options, usable_processors() > 1),
               "cannot pull %s", reference.familiar().c_str());
}

}  // namespace kist::image
