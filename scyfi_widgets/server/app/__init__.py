"""The explorer as a page for a class: ``scyfi-widgets app``, served by Voilà."""
