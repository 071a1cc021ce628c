// volume_remove.cpp - volume rm and prune, and what volumes take of the disk.

#include "base/string.h"
#include "base/vector.h"
#include "cli/command.h"
#include "cli/say.h"
#include "cli/volume.h"

namespace kist::cli {

namespace {

struct RmFlags {
    bool force = false;
};

constexpr Flag kRmFlags[] = {
    flag<&RmFlags::force>('f', "force", nullptr, "One that is not there is no error"_help),
};

Result<void> remove_one(const Context& context, const VolumeStore& store, const String& name)
{
    Fd lock = TRY(store.lock());
    if (String users = users_of(TRY(container::volume_uses(context.places)), name); !users.empty())
        return Error(EBUSY, "volume \"%s\" is in use by%s", name.c_str(), users.c_str())
            .with_hint("remove what uses it first: kist rm" + users);
    container::VolumeTrash trash = TRY(store.take_out(name, fs::Durable::yes));
    lock.close();
    tell_volume(context, "destroy", name);
    return store.erase(trash);
}

Result<int> rm(const RmFlags& flags, const Context& context, Arguments operands)
{
    VolumeStore store = TRY(enter_volumes(context));
    int status = 0;
    for (std::string_view operand : operands) {
        String name(operand);
        auto removed = remove_one(context, store, name);
        if (removed || (flags.force && removed.error().is(ENOENT))) {
            say_line(name);
        } else {
            report(removed.error());
            status = 1;
        }
    }
    return status;
}

struct PruneFlags {
    bool all = false, force = false;
    Vector<String> filters;
};

// clang-format off
constexpr Flag kPruneFlags[] = {
    flag<&PruneFlags::all>    ('a', "all",    nullptr,     "Remove those with a name, too"_help),
    flag<&PruneFlags::filters>(0,   "filter", "KEY=VALUE", "Remove those with this label only, or without (label!=...)"_help),
    flag<&PruneFlags::force>  ('f', "force",  nullptr,     "Do not ask"_help),
};
// clang-format on

Result<int> prune(const PruneFlags& flags, const Context& context, Arguments)
{
    bool all = flags.all;
    Vector<String> filters;
    for (const String& word : flags.filters)
        if (word == "all=true" || word == "all=1" || word == "all")
            all = true;
        else
            filters.push_back(word);
    const char* question = all ? "Remove every volume that no container uses?"
                               : "Remove every anonymous volume that no container uses?";
    if (!flags.force && !TRY(confirm(question)))
        return 0;
    PrunedVolumes pruned = TRY(prune_volumes(context, all, filters));
    if (!pruned.names.empty())
        say_line("Deleted Volumes:");
    for (const String& name : pruned.names)
        say_line(name);
    say("%sTotal reclaimed space: %s\n", pruned.names.empty() ? "" : "\n",
        human_size(pruned.bytes).c_str());
    return 0;
}

}  // namespace

Result<PrunedVolumes> prune_volumes(const Context& context, bool all, const Vector<String>& filters)
{
    Conditions conditions = TRY(parse_volume_filters(filters, FilterUse::prune));
    VolumeStore store = TRY(enter_volumes(context));
    Fd lock = TRY(store.lock());
    Vector<VolumeUse> uses = TRY(container::volume_uses(context.places));
    PrunedVolumes pruned;
    Vector<container::VolumeTrash> trash;
    for (const VolumeInfo& info : TRY(store.list())) {
        bool used = !users_of(uses, info.name).empty();
        if (used || !(all || info.anonymous) || !match_volume(conditions, {info, used}))
            continue;
        auto taken = store.take_out(info.name, fs::Durable::yes);
        if (!taken && (taken.error().is(EBUSY) || taken.error().is(ENOENT)))
            continue;  // in somebody's hands, or gone
        trash.push_back(TRY(std::move(taken)));
        pruned.names.push_back(info.name);
    }
    lock.close();
    for (const container::VolumeTrash& each : trash) {
        pruned.bytes += fs::tree_size(each.lock, container::kVolumeData).take();
        TRY(store.erase(each));
    }
    for (const String& name : pruned.names)
        tell_volume(context, "destroy", name);
    return pruned;
}

Result<Row> volume_usage(const Context& context)
{
    VolumeStore store = TRY(open_volumes(context));
    Vector<VolumeUse> uses = TRY(container::volume_uses(context.places));
    uint64_t bytes = 0, idle = 0;
    size_t count = 0, active = 0;
    for (const VolumeInfo& info : TRY(store.list())) {
        auto size = fs::tree_size(store.directory(), info.name + "/" + container::kVolumeData);
        bool used = !users_of(uses, info.name).empty();
        count++;
        active += used;
        bytes += size ? *size : 0;
        idle += size && !used ? *size : 0;
    }
    return Row{"Local Volumes", str::format("%zu", count), str::format("%zu", active),
               human_size(bytes), human_size(idle)};
}

extern const Command kVolumePrune = {
    .name = "volume prune",
    .operands = "",
    .summary = "Remove volumes that no container uses"_help,
    .flags = kPruneFlags,
    .run = with_context<PruneFlags, prune>,
};

extern const Command kVolumeRm = {
    .name = "volume rm",
    .operands = "VOLUME...",
    .summary = "Remove volumes"_help,
    .flags = kRmFlags,
    .offer = Offer::volumes,
    .run = with_context<RmFlags, rm>,
};

}  // namespace kist::cli
