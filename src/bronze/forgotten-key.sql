coalesce(list_contains($forgotten, sha256($forget_key || sha256($forget_key || message_key))), false)
