// collect.cpp - removing images, and the layers that nobody needs any more.
//
// A layer is needed by the images in the store and by pulls at work, which say so in a file of
// their staging directory.  What is to go is taken out of sight under the exclusive lock (names
// first, then images, links, layers, so that a crash leaves nothing that points nowhere) and
// deleted after the lock is let go.

#include "base/fs.h"
#include "base/str.h"
#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"
#include "image/layout.h"
#include "image/staging.h"
#include "image/store.h"

namespace kist::image {

namespace {

using Lines = Vector<String>;

void add_all(Vector<Digest>& list, const Vector<Digest>& more)
{
    for (const Digest& digest : more)
        if (!contains(list, digest))
            list.push_back(digest);
}

// The layers of all images but those in `except`.
Result<Vector<Digest>> needed_by_images(const Fd& root, const Vector<Digest>& except)
{
    Vector<Digest> needed;
    for (const Digest& id : TRY(list_images(root))) {
        if (contains(except, id))
            continue;
        Config config = TRY(read_config(root, id));
        add_all(needed, config.diff_ids);
    }
    return needed;
}

Result<void> add_needed_by_pulls(const Fd& root, Vector<Digest>& needed)
{
    Fd staging = TRY(sys::open_at(root, kStaging, O_RDONLY | O_DIRECTORY));
    for (const String& name : TRY(fs::list(staging))) {
        if (!name.starts_with(kPulls) || !is_live(root, name))
            continue;
        auto text = fs::read(staging, name + "/" + kNeeds);
        if (!text)  // it has not said yet, and looks at the layers after it has
            continue;
        std::string_view rest = *text;
        while (!rest.empty())
            if (auto diff_id = from_hex(str::cut(rest, '\n')))
                needed.push_back(*diff_id);
    }
    return {};
}

// Takes every layer out of the store that is not `needed`.
Result<Lines> drop_layers(const Fd& root, const Vector<Digest>& needed, const Fd& trash,
                          uint64_t* freed)
{
    Fd diff_ids = TRY(sys::open_at(root, kDiffIds, O_RDONLY | O_DIRECTORY));
    Fd layers = TRY(sys::open_at(root, kLayers, O_RDONLY | O_DIRECTORY));
    Vector<LayerInfo> dropped;
    for (const LayerInfo& layer : TRY(list_layers(root))) {
        if (contains(needed, layer.diff_id))
            continue;
        TRY(sys::unlink_at(diff_ids, layer.diff_id.hex()));
        dropped.push_back(layer);
    }
    if (dropped.empty())
        return Lines();
    TRY(sys::fsync(diff_ids));  // a link never outlives its layer
    Lines lines;
    for (const LayerInfo& layer : dropped) {
        String number = str::format("%u", layer.number);
        TRY(sys::rename_between(layers, number, trash, number));
        lines.push_back("Deleted: " + layer.diff_id.text());
        if (freed)
            *freed += layer.size;
    }
    return lines;
}

// Takes `ids` and what only they need out of the store.  `orphans`: and layers that no image has.
Result<Lines> drop_images(const Fd& root, const Vector<Digest>& ids, bool orphans, const Fd& trash,
                          uint64_t* freed)
{
    Vector<Digest> needed = TRY(needed_by_images(root, ids));
    TRY(add_needed_by_pulls(root, needed));
    if (!orphans) {
        Vector<Digest> theirs;
        for (const Digest& id : ids) {
            auto config = read_config(root, id);
            if (!config && !config.error().is(EBADMSG))  // a damaged one must go all the same
                return std::move(config).error();
            if (config)
                add_all(theirs, config->diff_ids);
        }
        for (const LayerInfo& layer : TRY(list_layers(root)))
            if (!contains(theirs, layer.diff_id))
                needed.push_back(layer.diff_id);
    }
    Lines lines;
    for (const Digest& id : ids) {
        TRY(sys::rename_between(root, image_path(id), trash, id.hex()));
        lines.push_back("Deleted: " + id.text());
    }
    for (String& line : TRY(drop_layers(root, needed, trash, freed)))
        lines.push_back(std::move(line));
    return lines;
}

String familiar(const String& reference)
{
    auto parsed = registry::Reference::parse(reference);
    return parsed ? parsed->familiar() : reference;
}

// What docker does with `docker rmi NAME`.
struct Removal {
    Digest id;
    Vector<Record> untag;
    bool last = false;  // no name remains
};

// The names that go.  A name by digest goes along with the last tag of its repository.
Removal plan_untag(const Record& named, const Vector<Record>& records)
{
    Removal plan = {.id = named.id, .untag = {named}};
    std::string_view repository = repository_of(named.reference);
    bool tagged = false;
    size_t names = 0;
    for (const Record& record : records) {
        if (record.id != named.id)
            continue;
        names++;
        tagged |= record.reference != named.reference && !is_by_digest(record) &&
                  repository_of(record.reference) == repository;
    }
    for (const Record& record : records)
        if (record.id == named.id && record.reference != named.reference && !tagged &&
            is_by_digest(record) && repository_of(record.reference) == repository)
            plan.untag.push_back(record);
    plan.last = plan.untag.size() == names;
    return plan;
}

Result<Removal> plan_removal(const Fd& root, std::string_view name, bool force)
{
    Vector<Record> records = TRY(read_records(root));
    auto found = look_up(root, name);
    if (!found && found.error().is(ENOENT))
        return std::move(found).error().with_hint("kist images lists those that there are");
    if (!found)
        return std::move(found).error();
    if (found->record)
        return plan_untag(*found->record, records);

    Removal plan = {.id = found->id, .last = true};
    std::string_view repository;
    for (const Record& record : records) {
        if (record.id != plan.id)
            continue;
        std::string_view this_one = repository_of(record.reference);
        if (!repository.empty() && this_one != repository && !force)
            return Error(EBUSY, "image %s has names in several repositories",
                         plan.id.text().c_str())
                .with_hint("remove it by its names, or all of them with --force");
        repository = this_one;
        plan.untag.push_back(record);
    }
    return plan;
}

Result<Lines> untag(const Fd& root, const Vector<Record>& records)
{
    Lines lines;
    for (const Record& record : records) {
        TRY(remove_record(root, record.reference));
        lines.push_back("Untagged: " + familiar(record.reference));
    }
    return lines;
}

void append(Lines& lines, Lines more)
{
    for (String& line : more)
        lines.push_back(std::move(line));
}

}  // namespace

Result<Vector<String>> Store::remove(std::string_view name, bool force,
                                     const Vector<Digest>& in_use, std::optional<Fd> lock) const
{
    if (!lock)
        lock = TRY(lock_exclusive());
    Removal plan = TRY(plan_removal(root_, name, force));
    bool used = contains(in_use, plan.id);
    if (plan.last && used && !force)
        return Error(EBUSY, "image %.*s (%.12s) is used by a container",
                     static_cast<int>(name.size()), name.data(), plan.id.hex().c_str())
            .with_hint(
                "remove the container first (kist ps -a, kist rm), or use --force to take "
                "only the name away");

    Staging trash = TRY(begin_trash(root_));
    Lines lines = TRY(untag(root_, plan.untag));
    if (plan.last && !used)
        append(lines, TRY(drop_images(root_, {plan.id}, false, trash.directory(), nullptr)));
    lock.reset();  // the slow part, in ~Staging, keeps nobody waiting
    return lines;
}

Result<Vector<String>> Store::prune(bool all, const Vector<Digest>& in_use, uint64_t* freed,
                                    std::optional<Fd> lock) const
{
    if (!lock)
        lock = TRY(lock_exclusive());
    Vector<Record> records = TRY(read_records(root_));
    Vector<Digest> ids;
    Vector<Record> names;
    for (const Digest& id : TRY(list_images(root_))) {
        bool tagged = false;
        for (const Record& record : records)
            tagged |= record.id == id && !is_by_digest(record);
        if (contains(in_use, id) || (tagged && !all))
            continue;
        ids.push_back(id);
        for (const Record& record : records)
            if (record.id == id)
                names.push_back(record);
    }
    uint64_t bytes = 0;
    Staging trash = TRY(begin_trash(root_));
    Lines lines = TRY(untag(root_, names));
    append(lines, TRY(drop_images(root_, ids, true, trash.directory(), &bytes)));
    TRY(repair(root_, trash.directory()));
    lock.reset();
    if (freed)
        *freed = bytes;
    return lines;
}

Result<Usage> Store::usage(const Vector<Digest>& in_use) const
{
    Vector<Digest> images = TRY(list_images(root_)), unneeded;
    for (const Digest& id : images)
        if (!contains(in_use, id))
            unneeded.push_back(id);
    Vector<Digest> needed = TRY(needed_by_images(root_, unneeded));
    Usage usage = {.images = images.size()};
    for (const LayerInfo& layer : TRY(list_layers(root_))) {
        usage.layers++;
        usage.layer_bytes += layer.size;
        if (!contains(needed, layer.diff_id))
            usage.reclaimable_bytes += layer.size;
    }
    return usage;
}

}  // namespace kist::image
