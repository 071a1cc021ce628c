// run.cpp - `kist run`: make a container from an image and attend to it.

#include <unistd.h>

#include <cstdio>

#include "base/fs.h"
#include "cli/command.h"
#include "cli/context.h"
#include "cli/obtain.h"
#include "cli/print.h"
#include "cli/run_flags.h"
#include "container/container.h"
#include "container/launch.h"
#include "container/self.h"

namespace kist::cli {

namespace {

using container::RunOptions;

constexpr int kOurFailure = 125;

Result<void> check_terminal(const RunOptions& options)
{
    if (options.tty && options.interactive && !::isatty(0))
        return Error(ENOTTY, "-t and -i together need a terminal, and stdin is none")
            .with_hint("leave out -t in scripts");
    return {};
}

// Writes the id to a file that must be new, so that nobody else's is taken for ours.
Result<void> write_cidfile(const std::string& file, const std::string& id)
{
    auto created = sys::open(file, O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (!created && created.error().is(EEXIST))
        return Error(EEXIST, "--cidfile %s: the file exists", file.c_str())
            .with_hint("remove it, or name another");
    Fd opened = TRY(std::move(created), "--cidfile");
    return sys::write_all(opened, id);
}

Result<void> remove_namesake(const Context& context, const std::string& name)
{
    auto removed = container::remove(context.places, context.outer, name, true);
    if (!removed && !removed.error().is(ENOENT))
        return removed;
    return {};
}

Result<container::Outcome> run_in(const Context& context, const RunOptions& options,
                                  Arguments operands)
{
    TRY(check_terminal(options));
    std::string name(operands[0]);
    std::vector<std::string> command(operands.begin() + 1, operands.end());
    std::optional<Obtained> obtained;
    if (!options.rootfs)
        obtained = TRY(obtain_image(context, name, options.pull, options.platform));
    const image::Image* image = obtained ? &obtained->image : nullptr;
    container::Spec spec = TRY(container::make_spec(options, name, image, command));

    if (options.replace && !options.name.empty())
        TRY(remove_namesake(context, options.name));
    if (!options.cidfile.empty())
        TRY(write_cidfile(options.cidfile, spec.id));
    Fd lock = obtained ? std::move(obtained->lock) : Fd();
    return container::run_foreground(spec, context.places, context.outer, std::move(lock));
}

Result<int> run(const RunOptions& options, const Globals& globals, Arguments operands)
{
    TRY(container::put_self_out_of_reach());
    Context context = TRY(open_context(globals));
    auto outcome = run_in(context, options, operands);
    if (!outcome) {
        if (!outcome.error().is(ECANCELED))  // the pull has told
            report(outcome.error());
        return container::exit_code_for(outcome.error());
    }
    if (outcome->oom_killed)
        report(Error(ENOMEM, "a process of the container was killed: out of memory")
                   .with_hint("give it more with --memory, or look for a leak"));
    return outcome->exit_code;
}

}  // namespace

extern const Command kRun = {
    .name = "run",
    .operands = "IMAGE [COMMAND] [ARG...]",
    .summary = "Run a program in a new container",
    .details = "Pulls IMAGE when it is not in the store.  Answers with the program's exit code.\n",
    .offer = Offer::images,
    .flags = run_flags(),
    .run = run_as<RunOptions, run>,
    .failure = kOurFailure,
};

}  // namespace kist::cli
