#!/usr/bin/env bash
# A Slurm cluster on this machine alone, for tests: one node, all files in one folder, ports of its own. It lives until
# standard input ends, and takes the folder with it. Prints `ready` when jobs can be submitted (with
# SLURM_CONF=FOLDER/slurm.conf), or `skipped: why` where Slurm is not there and may not be installed.
# Usage: cluster.sh FOLDER
set -euo pipefail
folder=$1
PATH=$PATH:/usr/sbin:/sbin

skip() {
    echo "skipped: $*"
    exit 0
}

# Slurm's programs, from Debian's packages where they are missing and we may install them.
have() { command -v slurmctld slurmd munged sbatch >/dev/null; }
if ! have; then
    command -v apt-get >/dev/null || skip "Slurm is not installed, and there is no apt-get"
    [ "$(id -u)" -eq 0 ] || skip "Slurm is not installed; as root: apt-get install slurm-wlm munge"
    {
        apt-get -o DPkg::Lock::Timeout=300 update -qq || true
        DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends \
            slurm-wlm munge
    } </dev/null >"$folder/apt.log" 2>&1 || skip "Slurm cannot be installed: $(tail -n 1 "$folder/apt.log")"
    have || skip "the packages slurm-wlm and munge brought no Slurm"
fi

# The first free one of 20 ports, tried by connecting to it.
port() {
    local port=$1
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
    echo "$port"
}
host=$(hostname -s)
user=$(id -un)
controller=$(port $((20000 + RANDOM % 5000)))
node=$(port $((25000 + RANDOM % 5000)))
mkdir -p "$folder/state" "$folder/spool" "$folder/munge"
chmod 700 "$folder/munge"

(umask 077 && head -c 1024 /dev/urandom >"$folder/munge/key")
cat >"$folder/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
SlurmctldPort=$controller
SlurmdPort=$node
# Requeued jobs wait as long as credentials last.
AuthInfo=socket=$folder/munge/socket,cred_expire=5
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
KillWait=30
SchedulerParameters=bf_interval=2,sched_interval=2,sched_min_interval=100000
# Two tasks at once wherever this runs.
SlurmdParameters=config_overrides
NodeName=$host NodeAddr=127.0.0.1 CPUs=4
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$folder/slurm.conf

daemons=()
end() {
    scancel --me --signal=KILL --full 2>/dev/null || true
    kill "${daemons[@]}" 2>/dev/null || true
    for _ in $(seq 50); do kill -0 "${daemons[@]}" 2>/dev/null && sleep 0.1 || break; done
    kill -KILL "${daemons[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$folder"
}
trap end EXIT

munged --foreground --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
    --pid-file="$folder/munge/pid" --log-file="$folder/munge/log" --seed-file="$folder/munge/seed" \
    </dev/null >"$folder/munged.out" 2>&1 &
daemons+=($!)
for _ in $(seq 100); do [ -S "$folder/munge/socket" ] && break || sleep 0.1; done
slurmctld -D -c </dev/null >"$folder/slurmctld.out" 2>&1 &
daemons+=($!)
slurmd -D </dev/null >"$folder/slurmd.out" 2>&1 &
daemons+=($!)

for _ in $(seq 300); do
    if [ "$(sinfo -h -o %T 2>/dev/null)" = idle ]; then
        echo ready
        cat >/dev/null
        exit 0
    fi
    sleep 0.1
done
echo "failed: the cluster did not come up"
tail -n 20 "$folder"/*.out "$folder"/slurm*.log >&2
exit 1
