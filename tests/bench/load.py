"""Whether others use the machine while something is measured."""

import os
import resource

# Of all cores together: a clock that ticks and what measures take less; one other program on two cores takes half.
MOST = 0.05


class Load:
    """The share of the processor's cores that others take, from when this is made on.

    Others are whatever is not this process, nor a child that it has waited for; a hypervisor that gives our time to somebody
    else counts as well.
    """

    def __init__(self):
        self.busy, self.all = ticks()
        self.own = own_seconds()

    def share(self):
        busy, every = ticks()
        seconds = (every - self.all) / os.sysconf("SC_CLK_TCK")
        others = (busy - self.busy) / os.sysconf("SC_CLK_TCK") - (own_seconds() - self.own)
        return max(0.0, others / seconds) if seconds else 0.0


def ticks():
    """Clock ticks of all cores: those in which they worked (or were taken away), and all."""
    with open("/proc/stat") as file:
        # user nice system idle iowait irq softirq steal; time of guests is in user's already.
        numbers = [int(number) for number in file.readline().split()[1:9]]
    idle = numbers[3] + numbers[4]
    return sum(numbers) - idle, sum(numbers)


def own_seconds():
    """Of the processor: this process and its children, those of children included."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)
