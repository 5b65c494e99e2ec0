#!/bin/sh
# lab_test.sh GEMEL JSON_VALUE - a lab, its twins and their branches at the command line.
. "$(dirname "$0")/it.sh"
bed=ward:bed-1
rate=/features/vitals/properties/heartRate
says() { grep -q -- "$1" out; }
blames() { grep -q -- "$1" err; }

it "a lab is made" 0 lab init
it "once only" 1 lab init
and "which is said" blames "there is a lab here already"
it "a twin is made" 0 twin create $bed --type 'dtmi:gemel:Bed;1' --by nurse
it "once only" 1 twin create $bed
it "a value is observed" 0 observe value $bed $rate 72 --unit /min --sd 1.5 \
    --source monitor-7 --stale-after-s 30 --time 2026-11-24T10:00:00Z
it "and shown" 0 twin show $bed --json
and "with its revision" json_is revision 2
and "as old as it is" grep -q '"stale_after_s": 30' out
cat >values.ndjson <<'END'
{"twin":"ward:bed-1","path":"/attributes/spo2","value":97,"unit":"%","message":"a1"}

{"twin":"ward:bed-1","path":"/attributes/spo2","value":96,"unit":"%","message":"a2"}
END
it "many come in a file" 0 observe ndjson values.ndjson --client oximeter
it "messages that come again" 0 observe ndjson values.ndjson --client oximeter
and "have no second effect" says "2 values, 0 of them new"
printf 'twin,path,value,unit\nward:bed-1,/attributes/temperature,37.1,Cel\n' >values.csv
it "or in a table" 0 observe csv values.csv
printf 'twin,path,value\nward:bed-1,/attributes/a,1\nward:bed-1,/elsewhere/b,2\n' >bad.csv
it "a table with a bad row is refused" 3 observe csv bad.csv
and "with its line and place" blames 'bad.csv:3: "/elsewhere/b" is no place of a value'
printf '{"twin":"ward:bed-1","path":"/attributes/a","value":1}\n{"twin":1}\n' >bad.ndjson
it "so is a file with a bad line" 3 observe ndjson bad.ndjson
and "with its line" blames 'bad.ndjson: line 2'
it "and nothing of them is stored" 0 twin show $bed --json
and "not even what came before" json_is revision 5
it "what is wanted is set" 0 twin set $bed /features/bed/desiredProperties/angle 30
it "and shown as not yet so" 0 twin show $bed
and "by feature and place" says 'wanted: bed/angle is not so yet'
it "an update may ask for a revision" 1 twin set $bed /attributes/x 1 --if-revision 2
and "and is told the right one" blames 'is at revision 6, not at 2'
it "a branch is forked off the past" 0 twin fork $bed $bed~low --at 3
it "takes what is assumed" 0 observe value $bed~low /attributes/spo2 80 --kind simulated
it "but nothing of the world" 1 observe value $bed~low /attributes/spo2 81
and "which is said" blames 'is a branch: nothing goes between it and the world'
it "the difference shows" 0 twin diff $bed $bed~low
and "on both sides" sh -c 'grep -q "^- /attributes/spo2 96" out && grep -q "^+ /attributes/spo2 80" out'
it "a branch's history begins with its parent's" 0 twin history $bed~low
and "four changes" sh -c '[ "$(wc -l <out)" -eq 4 ]'
it "twins are listed" 0 twin list --json
and "with their revisions" json_is twins.0.revision 6
it "an old revision is shown" 0 twin show $bed --at 2 --json
and "as it was" json_is state.features.vitals.properties.heartRate 72
it "the audit log is verified" 0 audit verify --json
head=$("$json_value" head <out)
it "against a hash of before" 0 audit verify --head "$head"
it "who did what is listed" 0 audit show
and "by name" says nurse
it "a retired twin" 0 twin retire $bed
it "takes nothing more" 1 observe value $bed /attributes/x 1
it "the hash of before is no longer the last" 3 audit verify --head "$head"
it "a backup is made" 0 lab backup copy
it "and restored" 0 lab restore copy --lab again
it "with all its twins" 0 twin show $bed~low --lab again
it "a check reads everything" 0 lab check again
printf x | dd of=again/gemel.db bs=1 seek=20000 conv=notrunc 2>/dev/null
printf xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx | dd of=again/gemel.db bs=1 seek=40900 conv=notrunc 2>/dev/null
it "and finds damage" 3 lab check again
it "no lab, no twin" 3 twin list --lab nowhere
and "with what to do" blames 'make one with gemel lab init'
counted
