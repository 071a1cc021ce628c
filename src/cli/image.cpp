// image.cpp - pull, rmi, image prune.

#include <sys/wait.h>

#include "base/string.h"
#include "base/vector.h"
#include "cli/command.h"
#include "cli/context.h"
#include "cli/obtain.h"
#include "cli/print.h"
#include "cli/say.h"
#include "container/container.h"

namespace kist::cli {

namespace {

// ---- pull ------------------------------------------------------------------

struct PullFlags {
    bool quiet = false, tls_verify = true;
    String platform;
    unsigned parallel = 3;
};

// clang-format off
constexpr Flag kPullFlags[] = {
    flag<&PullFlags::parallel>  (0,   "parallel",   "COUNT",    "Layers to pull at a time, 3 unless said"_help),
    flag<&PullFlags::platform>  (0,   "platform",   "PLATFORM", "Another platform than this machine's, as linux/arm/v7"_help),
    flag<&PullFlags::quiet>     ('q', "quiet",      nullptr,    "Print the digest only"_help),
    flag<&PullFlags::tls_verify>(0,   "tls-verify", "BOOL",     "With false: trust any certificate, and plain HTTP"_help),
};
// clang-format on

Result<int> pull(const PullFlags& flags, const Context& context, Arguments operands)
{
    PullRequest request = {
        .reference = TRY(registry::Reference::parse(operands[0])),
        .platform = flags.platform,
        .tls_verify = flags.tls_verify,
        .quiet = flags.quiet,
        .status_to_stdout = true,
        .parallel = flags.parallel,
    };
    if (flags.parallel < 1 || flags.parallel > 16)
        return Error(EINVAL, "--parallel %u: from 1 to 16 layers at a time", flags.parallel);
    image::Store store = TRY(enter_store(context));
    image::Image image = TRY(pull_image(store, request));
    tell_image(context, "pull", request.reference.familiar());
    if (flags.quiet)
        say("%s\n", image.digest.text().c_str());
    else
        say_line(request.reference.text());  // after the digest, which the pull has said
    return 0;
}

// ---- rmi, image prune ------------------------------------------------------

struct RmiFlags {
    bool force = false;
};

constexpr Flag kRmiFlags[] = {
    flag<&RmiFlags::force>('f', "force", nullptr,
                           "Take the name away even while containers use it"_help),
};

// The store knows that an image is used, the containers know by whom.
Error name_users(const Context& context, const image::Store& store, std::string_view name,
                 Error error)
{
    auto image = store.find(name);
    if (!image)
        return error;
    auto users = container::containers_of(context.places, image->id);
    if (!users || users->empty())
        return error;
    String names;
    for (const String& user : *users)
        names += " " + user;
    return std::move(error).with_hint("remove what is made of it first: kist rm" + names);
}

Result<int> rmi(const RmiFlags& flags, const Context& context, Arguments operands)
{
    image::Store store = TRY(enter_store(context));
    int status = 0;
    for (std::string_view name : operands) {
        // Under the lock, so that no container is made of the image in between.
        Fd lock = TRY(store.lock_exclusive());
        Vector<Digest> used = TRY(container::images_in_use(context.places));
        auto removed = store.remove(name, flags.force, used, std::move(lock));
        if (!removed) {
            bool missing = removed.error().is(ENOENT);
            report(removed.error().is(EBUSY)
                       ? name_users(context, store, name, std::move(removed).error())
                       : std::move(removed).error());
            if (!missing || !flags.force)
                status = 1;
            continue;
        }
        bool deleted = false;  // the image; what else is deleted are its layers
        for (std::string_view line : *removed) {
            say("%.*s\n", int(line.size()), line.data());
            std::string_view what = line.substr(std::min(line.find(' ') + 1, line.size()));
            if (line.starts_with("Untagged"))
                tell_image(context, "untag", what);
            else if (!std::exchange(deleted, true))
                tell_image(context, "delete", what);
        }
    }
    return status;
}

struct PruneFlags {
    bool all = false, force = false;
};

// clang-format off
constexpr Flag kPruneFlags[] = {
    flag<&PruneFlags::all>  ('a', "all",   nullptr, "Remove every image that no container uses, not only those without a name"_help),
    flag<&PruneFlags::force>('f', "force", nullptr, "Do not ask"_help),
};
// clang-format on

Result<int> image_prune(const PruneFlags& flags, const Context& context, Arguments)
{
    const char* question = flags.all ? "Remove every image that no container uses?"
                                     : "Remove every image that has no name?";
    if (!flags.force && !TRY(confirm(question)))
        return 0;
    image::Store store = TRY(enter_store(context));
    Fd lock = TRY(store.lock_exclusive());
    Vector<Digest> used = TRY(container::images_in_use(context.places));
    uint64_t freed = 0;
    for (const String& line : TRY(store.prune(flags.all, used, &freed, std::move(lock))))
        say_line(line);
    say("Total reclaimed space: %s\n", human_size(freed).c_str());
    return 0;
}

}  // namespace

extern const Command kPull = {
    .name = "pull",
    .operands = "IMAGE",
    .summary = "Pull an image from a registry"_help,
    .details = "IMAGE is NAME[:TAG][@DIGEST] as docker writes it, or a manifest's URL.\n"_help,
    .flags = kPullFlags,
    .run = with_context<PullFlags, pull>,
};

extern const Command kRmi = {
    .name = "rmi",
    .operands = "IMAGE...",
    .summary = "Remove images"_help,
    .details = "An image goes with its last name; layers go when no image needs them.\n"_help,
    .flags = kRmiFlags,
    .offer = Offer::images,
    .run = with_context<RmiFlags, rmi>,
};

extern const Command kImagePrune = {
    .name = "image prune",
    .operands = "",
    .summary = "Remove images that nobody needs"_help,
    .flags = kPruneFlags,
    .run = with_context<PruneFlags, image_prune>,
};

}  // namespace kist::cli
