"""What somebody does with their own account: personal data, e-mail address, devices, export, and its end."""
