-- grain: path
-- inputs: the slot `nodes` (a relation of path, kind, text), $paths (those whose texts look like dates), the slot `fits` (a list: how many texts each pattern reads, from when and until when)
-- purpose: which of strptime's patterns read a path's texts
SELECT path, {{fits}} AS fits
FROM {{nodes}}
WHERE kind = 'VARCHAR' AND path IN (SELECT unnest($paths))
GROUP BY path
