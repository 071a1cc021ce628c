// run.cpp - `kist run` and `kist create`: make a container from an image, and attend to it.

#include "cli/run.h"

#include <unistd.h>

#include <csignal>

#include "base/fs.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/attend.h"
#include "cli/context.h"
#include "cli/obtain.h"
#include "cli/print.h"
#include "cli/say.h"
#include "container/container.h"
#include "container/launch.h"
#include "container/signals.h"
#include "container/volume_use.h"
#include "service/lifecycle.h"
#include "service/networks.h"

namespace kist::cli {

namespace {

using container::RunOptions;

Result<void> check_terminal(const RunOptions& options)
{
    if (!options.detach && options.tty && options.interactive && !::isatty(0))
        return Error(ENOTTY, "-t and -i together need a terminal, and stdin is none")
            .with_hint("leave out -t in scripts");
    return {};
}

// Writes the id to a file that must be new, so that nobody else's is taken for ours.
Result<void> write_cidfile(const String& file, const String& id)
{
    auto created = sys::open(file, O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (!created && created.error().is(EEXIST))
        return Error(EEXIST, "--cidfile %s: the file exists", file.c_str())
            .with_hint("remove it, or name another");
    Fd opened = TRY(std::move(created), "--cidfile");
    return sys::write_all(opened, id);
}

Result<void> remove_namesake(const service::Engine& engine, const String& name)
{
    auto container = container::find(engine.directories, name);
    if (!container)
        return container.error().is(ENOENT) ? Result<void>() : std::move(container).error();
    return service::remove(engine, *container, {.force = true});
}

// What -a, -i and -d say of the streams.
Result<service::Attachment> attachment_of(const RunOptions& options)
{
    service::Attachment wants;
    if (options.detach) {
        if (!options.attach.empty())
            return Error(EINVAL, "--attach and --detach contradict each other");
        return wants;
    }
    wants = {.input = options.interactive, .output = true, .errors = true, .until_exit = true};
    if (options.attach.empty())
        return wants;
    wants.input = wants.output = wants.errors = false;
    for (const String& stream : options.attach)
        if (stream == "stdin" || stream == "STDIN")
            wants.input = options.interactive;
        else if (stream == "stdout" || stream == "STDOUT")
            wants.output = true;
        else if (stream == "stderr" || stream == "STDERR")
            wants.errors = true;
        else
            return Error(EINVAL, "--attach %s: expected stdin, stdout or stderr", stream.c_str());
    return wants;
}

// A container that was made, and its lock.
struct Made {
    container::Spec spec;
    Fd lock;
};

Result<Made> make(const Context& context, const service::Engine& engine, const RunOptions& options,
                  Arguments operands)
{
    String name(operands[0]);
    Vector<String> command(operands.begin() + 1, operands.end());
    std::optional<Obtained> obtained;
    if (!options.rootfs)
        obtained = TRY(obtain_image(context, name, options.pull, options.platform));
    const image::Image* image = obtained ? &obtained->image : nullptr;
    Vector<container::Mount> inherited =
        TRY(container::inherited_mounts(options.volumes_from, engine.directories));
    Made made = {TRY(container::make_spec(options, name, image, command, inherited)), Fd()};
    TRY(service::settle_networks(engine, made.spec));
    if (options.replace && !options.name.empty())
        TRY(remove_namesake(engine, options.name));
    Fd image_lock = obtained ? std::move(obtained->lock) : Fd();
    made.lock = TRY(service::create(engine, made.spec, std::move(image_lock)));
    if (options.cidfile.empty())
        return made;
    if (auto written = write_cidfile(options.cidfile, made.spec.id); !written) {
        service::release(engine, made.spec.id, std::move(made.lock));
        TRY(remove_namesake(engine, made.spec.id));
        return std::move(written).error();
    }
    return made;
}

Result<int> run_in(const Context& context, const RunOptions& options, Arguments operands)
{
    TRY(check_terminal(options));
    service::Attachment wants = TRY(attachment_of(options));
    String detach_keys = TRY(detach_keys_of(options.detach_keys));
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    Made made = TRY(make(context, engine, options, operands));
    std::optional<Fd> signals;
    if (!options.detach)
        signals = TRY(container::catch_signals());
    auto started = service::start(engine, made.spec.id, wants, std::move(made.lock),
                                  signals ? &*signals : nullptr);
    if (!started && made.spec.remove)  // no monitor may have had it
        (void)remove_namesake(engine, made.spec.id);
    service::Client client = TRY(std::move(started));
    if (options.detach) {
        say_line(made.spec.id);
        return 0;
    }
    service::Client::Terminal terminal = {.tty = options.tty, .detach_keys = detach_keys};
    return finish_attending(TRY(client.attend(wants, terminal, *signals)));
}

int exit_code_for(const Error& error)
{
    if (error.is(EINTR))
        return 128 + SIGINT;
    return container::exit_code_for(error);
}

}  // namespace

Result<int> run(const RunOptions& options, const Context& context, Arguments operands)
{
    auto code = run_in(context, options, operands);
    if (code)
        return code;
    if (!code.error().is(ECANCELED))  // the pull has told
        report(code.error());
    return exit_code_for(code.error());
}

Result<int> create(const RunOptions& options, const Context& context, Arguments operands)
{
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    auto made = make(context, engine, options, operands);
    if (!made && made.error().is(ECANCELED))
        return 1;  // the pull has told
    if (!made)
        return std::move(made).error();
    service::release(engine, made->spec.id, std::move(made->lock));
    say_line(made->spec.id);
    return 0;
}

}  // namespace kist::cli
