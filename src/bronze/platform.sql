CASE WHEN list_contains($platforms, upper(found[2])) THEN upper(found[2]) END
