// pending.cpp - what other files are about to define; weak, so that theirs count.

#include "container/volume_store.h"
#include "service/events.h"
#include "service/health.h"

namespace kist::container {
[[gnu::weak]] Result<void> make_volumes(const Spec&, const image::Places&, const OuterNamespace&)
{
    return {};
}
[[gnu::weak]] Result<void> remove_anonymous_volumes(const Spec&, const image::Places&,
                                                    const OuterNamespace&)
{
    return {};
}
}  // namespace kist::container
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
