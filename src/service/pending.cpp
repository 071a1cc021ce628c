// pending.cpp - what other files are about to define; weak, so that theirs count.

#include "service/events.h"
#include "service/health.h"

namespace kist::service {
struct Health::Check {};
[[gnu::weak]] Health::Health(const container::Spec&, const container::State&, const Fd&) {}
[[gnu::weak]] Health::~Health() {}
[[gnu::weak]] int64_t Health::due() const
{
    return INT64_MAX;
}
[[gnu::weak]] int Health::descriptor() const
{
    return -1;
}
[[gnu::weak]] Health::Verdict Health::step()
{
    return Verdict::none;
}
}  // namespace kist::service
namespace kist::service {
[[gnu::weak]] Result<HealthRecord> read_health(const container::Directories&, const std::string&)
{
    return Error(ENOENT, "no health check");
}
}  // namespace kist::service
