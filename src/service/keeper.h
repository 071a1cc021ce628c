// keeper.h - what a monitor does: start the container, attend to it, record its end, and over again
// if its restart policy says so.

#pragma once

#include <poll.h>

#include <optional>

#include "base/fd.h"
#include "base/result.h"
#include "base/sys.h"
#include "base/vector.h"
#include "container/cgroup.h"
#include "container/launch.h"
#include "container/log.h"
#include "container/spec.h"
#include "container/state.h"
#include "service/clients.h"
#include "service/engine.h"
#include "service/health.h"
#include "service/hotplug.h"
#include "service/plumbing.h"
#include "service/restart.h"
#include "service/wiring.h"

namespace kist::service {

class Keeper final : public Orders {
public:
    Keeper(const Engine& engine, container::Spec spec, container::State state, Fd directory,
           Fd volatile_directory, Fd signals)
        : engine_(engine),
          spec_(std::move(spec)),
          state_(std::move(state)),
          directory_(std::move(directory)),
          volatile_(std::move(volatile_directory)),
          signals_(std::move(signals))
    {
    }

    // Goes once everything is said to everybody.
    void part() { clients_.flush(); }
    // All of it.  The first client is the one that started us.
    Result<void> live(Fd client, const Attachment& attachment, Size size);

    void input(std::string_view bytes) override { plumbing_.input(bytes); }
    void end_input() override;
    void resize(Size size) override;
    void signal(int number) override { (void)sys::pidfd_send_signal(launched_.process, number); }
    void kill(int number) override;
    void stop(int timeout, int number, std::string_view then) override;
    void reload() override;
    std::optional<Error> not_running() const override;

private:
    Result<void> start(const Fd* cancel);
    void open_log();
    void share_memory_pressure();
    void record_start();
    int attend();
    void turn(int64_t until);
    void heed_signal();
    void heed_health(short events);
    void heed_devices(short events);
    void send_signal(int number);
    void record_order();
    void end_softly(int timeout, int number);
    void record_end(int code);
    bool wait_to_restart(int64_t pause_ms);
    void finish();
    int stop_signal() const;

    const Engine& engine_;
    container::Spec spec_;
    container::State state_;
    Fd directory_, volatile_, signals_;
    Clients clients_;
    std::optional<container::Log> log_;
    Plumbing plumbing_{log_, clients_};
    std::optional<Health> health_;
    std::optional<Hotplug> hotplug_;
    std::optional<container::Cgroup> cgroup_;
    Wire wire_{engine_, spec_, volatile_};
    container::Launched launched_;
    Vector<pollfd> waits_;
    Backoff backoff_;
    std::optional<int> oom_score_;  // the container's
    Size size_;                     // of the terminal, for the next run
    bool input_once_ = false;       // its input ends with the first client's: docker's StdinOnce
    bool asked_ = false;            // somebody said stop
    bool ever_ran_ = false;         // it is not the first run
    bool running_ = false;          // there is a process
    bool ended_ = false;            // it is to be waited for
    bool over_ = false;             // it is not to be started again
    bool again_ = false;            // it is, whatever its policy says
    int64_t kill_at_ = INT64_MAX;   // when patience ends
};

}  // namespace kist::service
