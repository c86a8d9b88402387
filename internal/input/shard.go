package input

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Shard is share number Index of the ids of a list that is divided into Of shares, so that each of several machines
// reads the same list and downloads its own share. 0 and Of are the same share. The zero value is the whole list.
type Shard struct{ Index, Of int }

// Divided reports whether the list has more than one share.
func (s Shard) Divided() bool { return s.Of > 1 }

// String returns "3 of 6".
func (s Shard) String() string { return fmt.Sprintf("%d of %d", s.Index, s.Of) }

// FileName returns "3-of-6", the share as a part of a file's name.
func (s Shard) FileName() string { return fmt.Sprintf("%d-of-%d", s.Index, s.Of) }

// Holds reports whether an asset belongs to the share: the first eight bytes of the SHA-256 of its id in upper case, as
// a big-endian number, have the same remainder modulo Of as Index. docs/machines.md has the rule for other programs.
func (s Shard) Holds(mediaID string) bool {
	if !s.Divided() {
		return true
	}
	sum := sha256.Sum256([]byte(strings.ToUpper(mediaID)))
	return binary.BigEndian.Uint64(sum[:8])%uint64(s.Of) == uint64(s.Index%s.Of)
}

// holds reports whether the share has a line: by its media id, also if the line is invalid, so that one share reports
// it. An error of the whole list is every share's.
func (s Shard) holds(l *line) bool { return l.entry.wholeList || s.Holds(l.entry.MediaID) }

// ParseShard parses K/N with K from 0 to N, or "auto", which takes both numbers from the variables of the scheduler
// that has started the process.
func ParseShard(text string, getenv func(string) string) (Shard, error) {
	if text == "auto" {
		return shardOfTask(getenv)
	}
	before, after, found := strings.Cut(text, "/")
	index, okIndex := wholeNumber(before)
	of, okOf := wholeNumber(after)
	switch {
	case !found || !okIndex || !okOf || of < 1:
		return Shard{}, fmt.Errorf("invalid value %q: must be K/N, such as 3/6, or auto", text)
	case index > of:
		return Shard{}, fmt.Errorf("invalid value %q: share %d of %d does not exist", text, index, of)
	}
	return Shard{index, of}, nil
}

// wholeNumber parses a decimal number without a sign.
func wholeNumber(text string) (n int, ok bool) {
	number, err := strconv.ParseUint(text, 10, 31)
	return int(number), err == nil
}

// The environment variables of Slurm's job arrays (sbatch(1), "OUTPUT ENVIRONMENT VARIABLES").
const (
	slurmID    = "SLURM_ARRAY_TASK_ID"
	slurmCount = "SLURM_ARRAY_TASK_COUNT"
	slurmMin   = "SLURM_ARRAY_TASK_MIN"
	slurmMax   = "SLURM_ARRAY_TASK_MAX"
	slurmStep  = "SLURM_ARRAY_TASK_STEP"
)

// ShardCount is the environment variable with the number of tasks of a Kubernetes Job, which Kubernetes does not set.
const ShardCount = "BYNDER_SHARD_COUNT"

// scheduler has the environment variables in which a scheduler tells a task which one of how many it is, from 0 unless
// it is Slurm.
type scheduler struct{ name, index, count string }

// schedulers are those of --shard auto. Their documentation: sbatch(1); "AWS Batch job environment variables";
// "Define a task's runnables" (Google Batch); "Container runtime contract" (Cloud Run); "Job", completion mode Indexed
// (Kubernetes).
var schedulers = []scheduler{
	{"Slurm", slurmID, slurmCount},
	{"AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE"},
	{"Google Batch", "BATCH_TASK_INDEX", "BATCH_TASK_COUNT"},
	{"Cloud Run", "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT"},
	{"Kubernetes", "JOB_COMPLETION_INDEX", ShardCount},
}

// shardOfTask returns the share of a scheduler's task.
func shardOfTask(getenv func(string) string) (Shard, error) {
	var found []scheduler
	for _, s := range schedulers {
		if getenv(s.index) != "" {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 0:
		return Shard{}, errors.New("auto: this is not a task of a job array: none of " + allIndexes() + " is set")
	case 1:
	default:
		return Shard{}, fmt.Errorf("auto: both %s (%s) and %s (%s) are set", found[0].index, found[0].name, found[1].index, found[1].name)
	}
	shard, err := found[0].shard(getenv)
	if err != nil {
		return Shard{}, fmt.Errorf("auto: %s: %w", found[0].name, err)
	}
	return shard, nil
}

func allIndexes() string {
	names := make([]string, len(schedulers))
	for i, s := range schedulers {
		names[i] = s.index
	}
	return strings.Join(names, ", ")
}

func (s scheduler) shard(getenv func(string) string) (Shard, error) {
	if s.index == slurmID {
		return slurmShard(getenv)
	}
	values, err := numbers(getenv, s.index, s.count)
	if err != nil {
		return Shard{}, err
	}
	return inRange(s.index, values[0], Shard{values[0], values[1]})
}

// slurmShard returns the share of a task of a Slurm array. An array such as 1,3,7 has a minimum, a maximum, a step and
// a number of tasks that do not agree: the place of a task in it is unknown, so that some shares would have no task.
func slurmShard(getenv func(string) string) (Shard, error) {
	values, err := numbers(getenv, slurmID, slurmMin, slurmMax, slurmStep, slurmCount)
	if err != nil {
		return Shard{}, err
	}
	id, least, most, step, count := values[0], values[1], values[2], values[3], values[4]
	if step < 1 || count < 1 || least+step*(count-1) != most {
		return Shard{}, fmt.Errorf("the array has holes: %d tasks from %d to %d in steps of %d", count, least, most, step)
	}
	if id < least || (id-least)%step != 0 {
		return Shard{}, fmt.Errorf("%s is %d, which is not in the array from %d to %d in steps of %d", slurmID, id, least, most, step)
	}
	return inRange(slurmID, id, Shard{(id - least) / step, count})
}

// inRange returns a share whose number is from 0 and below the number of shares, or an error with the variable that is not.
func inRange(variable string, value int, s Shard) (Shard, error) {
	if s.Index >= s.Of {
		return Shard{}, fmt.Errorf("%s is %d, and there are %d tasks", variable, value, s.Of)
	}
	return s, nil
}

// numbers returns the values of environment variables.
func numbers(getenv func(string) string, names ...string) ([]int, error) {
	values := make([]int, len(names))
	for i, name := range names {
		text := getenv(name)
		if text == "" {
			return nil, &missingVariableError{name}
		}
		n, ok := wholeNumber(text)
		if !ok {
			return nil, fmt.Errorf("%s is %.40q, which is not a number", name, text)
		}
		values[i] = n
	}
	return values, nil
}

// missingVariableError is an environment variable that is not set beside others of its scheduler.
type missingVariableError struct{ name string }

func (e *missingVariableError) Error() string { return e.name + " is not set" }

// Hint returns what the user can do about it.
func (e *missingVariableError) Hint() string {
	if e.name == ShardCount {
		return "set " + ShardCount + " to the completions of the Job"
	}
	return "specify the share: --shard K/N"
}
