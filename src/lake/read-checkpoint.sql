-- grain: one row per action of a checkpoint
-- inputs: $checkpoint_paths, the checkpoint's files
-- purpose: each action as the JSON that it has in a commit
SELECT CAST(to_json(checkpoint) AS VARCHAR) AS action
FROM read_parquet($checkpoint_paths, union_by_name = true) AS checkpoint
