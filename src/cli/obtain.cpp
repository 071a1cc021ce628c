// obtain.cpp - getting an image: from the store, or from its registry first.

#include "cli/obtain.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/process.h"
#include "base/string.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "service/events.h"

namespace kist::cli {

namespace {

// Whether the image in the store is one for the platform that was asked for.
Result<bool> suits(const image::Image& image, const String& platform)
{
    if (platform.empty())
        return true;
    image::Platform wanted = TRY(image::Platform::parse(platform), "--platform");
    const image::Platform& has = image.config.platform;
    return wanted.os == has.os && wanted.architecture == has.architecture &&
           (wanted.variant.empty() || has.variant.empty() || wanted.variant == has.variant);
}

Result<void> pull_here(const Context& context, const PullRequest& request)
{
    image::Store store = TRY(enter_store(context));
    TRY(pull_image(store, request));
    tell_image(context, "pull", request.reference.familiar());
    return {};
}

// Threads, and the user namespace, live in a process of their own, which ends before the container
// begins.
Result<void> pull_in_child(const Context& context, const PullRequest& request)
{
    (void)flush();
    pid_t child = ::fork();
    if (child < 0)
        return os_error("fork");
    if (child == 0) {
        auto pulled = pull_here(context, request);
        if (!pulled)
            report(pulled.error());
        (void)flush();
        _exit(pulled ? 0 : 1);
    }
    if (int status = TRY(process::wait(child)); status != 0)
        return Error(ECANCELED, "cannot pull %s", request.reference.text().c_str());
    return {};
}

Result<std::optional<Obtained>> find_in_store(const Context& context, const String& name,
                                              const String& platform)
{
    image::Store store = TRY(open_store(context));
    Fd lock = TRY(store.lock_shared());
    auto image = store.find(name);
    if (!image && !image.error().is(ENOENT))
        return std::move(image).error();
    if (!image || !TRY(suits(*image, platform)))
        return std::optional<Obtained>();
    return std::optional<Obtained>(Obtained{std::move(*image), std::move(lock)});
}

}  // namespace

void tell_image(const Context& context, const char* action, std::string_view name)
{
    service::Event event = {.type = "image", .action = action, .id = String(name)};
    event.attributes = {{"name", event.id}};
    service::emit(context.places, event);
}

Result<image::Image> pull_image(image::Store& store, const PullRequest& request)
{
    ::signal(SIGPIPE, SIG_IGN);  // a registry that hangs up is an error, not our end
    image::PullOptions options;
    if (!request.platform.empty())
        options.platform = TRY(image::Platform::parse(request.platform), "--platform");
    options.access.tls_verify = request.tls_verify;
    options.parallel = request.parallel;
    std::unique_ptr<image::Progress> progress;
    if (!request.quiet)
        progress = make_progress(request.status_to_stdout ? Where::output : Where::errors);
    options.progress = progress.get();
    return image::pull(store, request.reference, options);
}

Result<Obtained> obtain_image(const Context& context, const String& name, const String& policy,
                              const String& platform)
{
    if (policy != "missing" && policy != "always" && policy != "never" && policy != "newer")
        return Error(EINVAL, "--pull %s: expected always, missing or never", policy.c_str());
    bool pull_first = policy == "always" || policy == "newer";
    if (!pull_first)
        if (auto found = TRY(find_in_store(context, name, platform)))
            return std::move(*found);
    if (policy == "never")
        return Error(ENOENT, "there is no image \"%s\" here", name.c_str())
            .with_hint("without --pull never it would be pulled");

    PullRequest request = {.reference = TRY(registry::Reference::parse(name)),
                           .platform = platform};
    TRY(pull_in_child(context, request));
    auto found = TRY(find_in_store(context, name, platform));
    if (!found)
        return Error(ENOENT, "the image \"%s\" was removed meanwhile", name.c_str());
    return std::move(*found);
}

}  // namespace kist::cli
