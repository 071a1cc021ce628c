// keeper_orders.cpp - what clients ask for, and the time between two runs.

#include <csignal>

#include "base/clock.h"
#include "base/log.h"
#include "base/relocate.h"
#include "base/sys.h"
#include "container/spec_words.h"
#include "container/sweep.h"
#include "service/container_event.h"
#include "service/keeper.h"
#include "service/protocol.h"

namespace kist::service {

using container::Status;

int Keeper::stop_signal() const
{
    auto number = spec_.stop_signal.empty() ? Result<int>(SIGTERM)
                                            : container::parse_signal(spec_.stop_signal);
    return number ? *number : SIGTERM;
}

void Keeper::end_softly(int timeout, int number)
{
    if (!running_)
        return;
    send_signal(timeout == 0 ? SIGKILL : number);
    if (cgroup_)
        (void)cgroup_->freeze(false);  // a paused one could not end
    kill_at_ = timeout > 0 ? clock::steady_ms() + timeout * int64_t(1000) : INT64_MAX;
}

// As docker tells of it: "kill" is any signal that was asked for.
void Keeper::send_signal(int number)
{
    emit_of(engine_.places, spec_, "kill", "signal", str::format("%d", number));
    signal(number);
}

// At once: neither a power cut nor our own death makes the order undone.
void Keeper::record_order()
{
    if (running_)
        (void)write_state(directory_, state_, !spec_.remove);
}

void Keeper::kill(int number)
{
    if (number == SIGKILL || number == stop_signal()) {
        state_.stopped = true;
        state_.resume = false;
        over_ = true;
        record_order();
    }
    if (running_)
        send_signal(number);
}

void Keeper::stop(int timeout, int number, std::string_view then)
{
    // A user's stop outlasts a shutdown that comes meanwhile.  What is to be started again is not
    // stopped: should the power fail in between, the next boot starts it.
    state_.stopped |= then.empty();
    state_.resume = !state_.stopped;
    if (then == kKeep)
        spec_.remove = false;
    over_ = asked_ = true;
    record_order();
    end_softly(timeout, number);
}

void Keeper::reload()
{
    if (auto spec = engine_.directories.read_spec(spec_.id)) {
        bool renamed = spec_.name != spec->name;
        spec_.name = std::move(spec->name);
        spec_.attachments = std::move(spec->attachments);
        if (renamed)
            wire_.rename();
        wire_.reload();
        spec_.restart = spec->restart;
        swap_with(spec_.limits, spec->limits);
    }
}

std::optional<Error> Keeper::not_running() const
{
    if (running_)
        return {};
    return Error(EAGAIN, "container \"%s\" is waiting to be started again", spec_.name.c_str())
        .with_hint("\"kist logs\" shows why it ended");
}

// Says so and waits, doing what clients ask for.  False when it is not to be started after all.
bool Keeper::wait_to_restart(int64_t pause_ms)
{
    state_.status = Status::restarting;
    state_.pid = 0;
    (void)write_state(directory_, state_, false);
    if (cgroup_) {
        (void)cgroup_->kill();
        (void)cgroup_->destroy();
        cgroup_.reset();
    }
    if (auto gone = wire_.let_go(); !gone)
        log::warn("%s", gone.error().message().c_str());
    (void)container::clean_up(engine_.places, engine_.outer, spec_.id, false);
    int64_t end = clock::steady_ms() + pause_ms;
    while (!over_ && clock::steady_ms() < end)
        turn(end);
    if (over_)
        state_.status = Status::exited;
    return !over_;
}

void Keeper::finish()
{
    running_ = false;
    auto finished =
        container::finish(engine_.directories, engine_.places, engine_.outer, spec_, state_);
    if (!finished)
        log::warn("the end of container %.12s could not be recorded: %s", spec_.id.c_str(),
                  finished.error().message().c_str());
    wire_.forget();  // before clients hear of the end: its ports are free
    if (asked_)
        emit_of(engine_.places, spec_, "stop");
    if (spec_.remove)
        emit_of(engine_.places, spec_, "destroy");
}

void Keeper::end_input()
{
    if (input_once_)
        plumbing_.end_input();
}

void Keeper::resize(Size size)
{
    size_ = size;
    plumbing_.resize(size);
}

Result<void> Keeper::live(Fd client, const Attachment& attachment, Size size)
{
    // A copy: the connection may be moved about while the launch looks at it.
    std::optional<Fd> cancel;
    if (attachment.until_exit)
        cancel = TRY(sys::duplicate(client));
    clients_.add(std::move(client), attachment);
    state_.stopped = state_.resume = false;
    state_.restart_count = attachment.revived ? state_.restart_count + 1 : 0;
    input_once_ = attachment.input;
    size_ = size;
    auto started = clients_.listen(volatile_);
    share_memory_pressure();
    if (started)
        started = start(cancel ? &*cancel : nullptr);
    cancel.reset();
    ever_ran_ = bool(started);
    for (;;) {
        int64_t began = clock::steady_ms();
        if (!started)
            state_.error = started.error().message();
        int code = started ? attend() : container::exit_code_for(started.error());
        record_end(code);
        bool wanted = again_ || wants_restart(spec_.restart, code, state_.restart_count);
        if (over_ || !wanted || !ever_ran_)
            break;
        clients_.tell_exited(state_.exit_code, state_.oom_killed);
        again_ = false;
        if (!wait_to_restart(backoff_.next(clock::steady_ms() - began)))
            break;
        state_.restart_count++;
        started = start(nullptr);
    }
    finish();
    if (ever_ran_)
        clients_.tell_exited(state_.exit_code, state_.oom_killed);
    else
        clients_.tell_failed(started.error());
    return {};
}

}  // namespace kist::service
