"""How fast Peerhall is: beside a bare server that sends the same bytes, and beside Django REST framework."""
