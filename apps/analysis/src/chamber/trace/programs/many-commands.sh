#!/bin/sh
# A harmless shell program: what scripts do with files and processes. Works below its folder.
mkdir -p work/deep/deeper
echo one >work/one
echo more >>work/one
cp work/one work/copy
cp -r work/deep work/again
mv work/copy work/moved
ln work/one work/hard
ln -s one work/soft
cat work/soft >work/from-link
: >work/soft
touch work/touched
touch -d 2001-01-01 work/touched
chmod 600 work/touched
(cd work/deep && echo two >two && mv two deeper/ && rm deeper/two)
find work -name touched -exec rm {} \;
for name in a b c; do echo $name | tr a-c x-z >"work/$name" & done
wait
cat <work/a | sort | uniq | wc -l >work/count
tar -cf work/all.tar work/a work/b
mkdir work/out && tar -xf work/all.tar -C work/out
head -c 100000 /dev/zero >work/zero
dd if=work/zero of=work/dd bs=1000 count=5 2>/dev/null
rm -r work/again work/deep
rmdir work/out 2>/dev/null
sh -c 'exec sh -c "exec true last"'
exit 0
